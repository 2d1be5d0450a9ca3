import assert from 'node:assert/strict';
import { AGENT, fullAlert, OTHER_AGENT, plainAlert } from '../samples.ts';
import { keep, NOW, openFor, PAGE, register, seqsOf, testOnEach } from './databases.ts';

testOnEach('alerts are filtered by everything that is asked for, in both orders', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT, OTHER_AGENT);
  const rule = plainAlert(1).rule;
  await keep(store, [
    plainAlert(1),
    plainAlert(2, { rule: { ...rule, level: 'low' } }),
    fullAlert(3),
    plainAlert(4, { rule: { ...rule, level: 'critical' } }),
  ]);
  await keep(store, [plainAlert(5, {}, OTHER_AGENT)], OTHER_AGENT);
  const touched = { changed: NOW, changed_by: 'user:a' };
  await store.db
    .insertInto('triage')
    .values([
      { alert: plainAlert(1).id, status: 'closed', assignee: 'ann', ...touched },
      { alert: plainAlert(2).id, status: 'new', assignee: 'bob', ...touched },
      { alert: plainAlert(4).id, status: 'open', assignee: null, ...touched },
    ])
    .execute();
  const asked = (filter: object) => seqsOf(store, { after: 0, ...filter }, 'newest');
  assert.deepEqual(await asked({}), [5, 4, 3, 2, 1]);
  assert.deepEqual(await asked({ level: 'high' }), [5, 4, 3, 1]);
  assert.deepEqual(await asked({ level: 'critical' }), [4]);
  assert.deepEqual(await asked({ agent: OTHER_AGENT }), [5]);
  assert.deepEqual(await asked({ server: 's-1' }), [3]);
  assert.deepEqual(await asked({ server: 'files', client: 'claude-code' }), [3]);
  assert.deepEqual(await asked({ client: 'cursor' }), []);
  assert.deepEqual(await asked({ status: 'new' }), [5, 3, 2]);
  assert.deepEqual(await asked({ status: 'closed' }), [1]);
  assert.deepEqual(await asked({ assignee: 'bob' }), [2]);
  assert.deepEqual(await asked({ assignee: '' }), [5, 4, 3]);
  assert.deepEqual(await asked({ status: 'open', assignee: '' }), [4]);
  assert.deepEqual(await asked({ notBefore: plainAlert(4).time }), [5, 4]);
  assert.deepEqual(await seqsOf(store, { after: 0, level: 'high' }), [1, 3, 4, 5]);
});

testOnEach(
  'pages join in both orders, by rows and by bytes, while alerts come in',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT);
    await keep(
      store,
      [1, 2, 3, 4, 5].map((seq) => plainAlert(seq)),
    );
    const pageBack = async (before: number | undefined, size: { rows: number; bytes: number }) => {
      const page = await store.pageOfAlerts({ after: 0, before }, size, 'newest');
      return { seqs: page.map(({ body }) => JSON.parse(body).seq), before: page.at(-1)?.position };
    };
    const first = await pageBack(undefined, { ...PAGE, rows: 2 });
    await keep(store, [plainAlert(6)]);
    const second = await pageBack(first.before, { ...PAGE, bytes: 1 });
    const third = await pageBack(second.before, PAGE);
    assert.deepEqual([first.seqs, second.seqs, third.seqs], [[5, 4], [3], [2, 1]]);
  },
);

testOnEach('the newest position is known, also when its alerts are gone', async (context, place) => {
  const store = await openFor(context, place);
  assert.equal(await store.newestPosition(), 0);
  await register(store, AGENT);
  await keep(store, [plainAlert(1), plainAlert(2)]);
  const [, last] = await store.pageOfAlerts({ after: 0 }, PAGE);
  assert.equal(await store.newestPosition(), last?.position);
});
