import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertWords, queryWords } from '../../../central/store/search/words.ts';
import type { Store } from '../../../central/store/store.ts';
import { AGENT, fullAlert, plainAlert } from '../samples.ts';
import { keep, openFor, PAGE, register, testOnEach } from './databases.ts';

async function found(store: Store, text: string, filter: object = {}): Promise<readonly number[]> {
  const records = await store.searchAlerts(text, { after: 0, ...filter }, PAGE);
  return records.map(({ body }) => JSON.parse(body).seq);
}

testOnEach(
  'alerts are found by rule, host, user, server, client, command line and path',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT);
    await keep(store, [plainAlert(1), fullAlert(2), plainAlert(3, { user: 'jürgen', host: 'db-1.example' })]);
    assert.deepEqual(await found(store, 'shell'), []);
    assert.equal(await store.searchLag(), 3);
    assert.equal(await store.indexAlerts(2), 2);
    assert.equal(await store.indexAlerts(2), 1);
    assert.equal(await store.searchLag(), 0);
    assert.deepEqual(await found(store, 'mcp_shell_spawn'), [3, 2, 1]);
    assert.deepEqual(await found(store, 'Spawned SHELL'), [3, 2, 1]);
    assert.deepEqual(await found(store, 'claude-code files'), [2]);
    assert.deepEqual(await found(store, '/home/alice/srv/index.js'), [2]);
    assert.deepEqual(await found(store, 'bash -i'), [2]);
    assert.deepEqual(await found(store, 'node index.js'), [2]);
    assert.deepEqual(await found(store, 'JÜRGEN'), [3]);
    assert.deepEqual(await found(store, 'db example'), [3]);
    assert.deepEqual(await found(store, 't1059.004'), [3, 2, 1]);
    assert.deepEqual(await found(store, 'bas'), []);
    assert.deepEqual(await found(store, 'bas* ali*'), [2]);
    assert.deepEqual(
      await found(store, 'shell', { before: await store.newestPosition(), host: 'build-7' }),
      [2, 1],
    );
    assert.deepEqual(await found(store, 'alice', { level: 'critical' }), []);
  },
);

testOnEach('nothing in a query is syntax', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  await keep(store, [plainAlert(1)]);
  await store.indexAlerts(10);
  for (const text of ['', '*', '"', "'", '\0', ' & | ! <-> ', '(((', '\ud800', '--; DROP']) {
    assert.deepEqual(await found(store, text), [], JSON.stringify(text));
  }
  for (const text of [
    '"shell',
    "shell'; --",
    'shell:*',
    '-shell',
    'words:shell',
    'shell!',
    '^shell',
    'NEAR',
  ]) {
    const expected = /words|NEAR/.test(text) ? [] : [1];
    assert.deepEqual(await found(store, text), expected, text);
  }
  assert.deepEqual(await found(store, 'shell OR nothing'), []);
  assert.deepEqual(await found(store, `shell ${'spawn '.repeat(10_000)}`), [1]);
});

testOnEach('pages of a search join while alerts come in', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  await keep(
    store,
    [1, 2, 3, 4, 5].map((seq) => plainAlert(seq)),
  );
  await store.indexAlerts(10);
  const first = await store.searchAlerts('shell', { after: 0 }, { ...PAGE, rows: 2 });
  await keep(store, [plainAlert(6)]);
  await store.indexAlerts(10);
  const rest = await found(store, 'shell', { before: first.at(-1)?.position });
  assert.deepEqual(rest, [3, 2, 1]);
});

testOnEach('an alert that cannot be read does not stop the index', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  await keep(store, [plainAlert(1), plainAlert(2)]);
  await store.db.updateTable('alerts').set({ body: '{"rule":null}' }).where('seq', '=', 1).execute();
  await store.indexAlerts(10);
  assert.deepEqual(await found(store, 'shell'), [2]);
});

test('the words of a hostile alert are bounded', () => {
  const words = Array.from({ length: 5_000 }, (_, index) => `w${index}`).join(' ');
  assert.equal(alertWords(plainAlert(1, { event: { CommandLine: words } })).length, 1_000);
  const long = alertWords(plainAlert(1, { user: 'x'.repeat(500) }));
  assert.ok(long.every((word) => word.length <= 64));
  assert.deepEqual(queryWords('x'.repeat(500)), [{ word: 'x'.repeat(64), prefix: true }]);
});
