import assert from 'node:assert/strict';
import type { Alert } from '../../../wire/index.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';
import { keep, NOW, openFor, PAGE, register, seqsOf, testOnEach } from './databases.ts';

const alerts = (from: number, to: number, agent = AGENT): Alert[] =>
  Array.from({ length: to - from + 1 }, (_, index) => plainAlert(from + index, {}, agent));

testOnEach(
  'a group stores what is new of each batch, in order, and counts the rest',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT, OTHER_AGENT);
    const outcomes = await store.storeBatches([
      { agent: AGENT, alerts: alerts(1, 3), received: NOW },
      { agent: OTHER_AGENT, alerts: alerts(1, 2, OTHER_AGENT), received: NOW },
      { agent: AGENT, alerts: [plainAlert(3), plainAlert(4)], received: NOW },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) =>
        outcome.kind === 'stored'
          ? [outcome.fresh.map(({ seq }) => seq), outcome.duplicates, outcome.conflicting]
          : outcome.code,
      ),
      [
        [[1, 2, 3], 0, 0],
        [[1, 2], 0, 0],
        [[4], 1, 0],
      ],
    );
    const records = await store.pageOfAlerts({ after: 0 }, PAGE);
    assert.deepEqual(
      records.map(({ id }) => id),
      [1, 2, 3]
        .map((seq) => plainAlert(seq).id)
        .concat(
          [1, 2].map((seq) => plainAlert(seq, {}, OTHER_AGENT).id),
          plainAlert(4).id,
        ),
    );
    assert.deepEqual(JSON.parse(records[0]?.body ?? ''), plainAlert(1));
    assert.equal(await keep(store, [plainAlert(4, { id: `${AGENT}-x` })]), 4);
  },
);

testOnEach(
  'a batch that cannot be stored fails alone, with later ones of its agent',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT, OTHER_AGENT);
    await keep(store, alerts(1, 1));
    const third = '0123456789abcdef';
    const outcomes = await store.storeBatches([
      { agent: OTHER_AGENT, alerts: alerts(1, 1, OTHER_AGENT), received: NOW },
      {
        agent: OTHER_AGENT,
        alerts: [plainAlert(2, {}, OTHER_AGENT), plainAlert(3, { id: `${AGENT}-1` })],
        received: NOW,
      },
      { agent: OTHER_AGENT, alerts: [plainAlert(4, {}, OTHER_AGENT)], received: NOW },
      { agent: third, alerts: [plainAlert(1, {}, third)], received: NOW },
      { agent: AGENT, alerts: alerts(2, 3), received: NOW },
      { agent: AGENT, alerts: [plainAlert(4, { id: 'a\nb' })], received: NOW },
      { agent: AGENT, alerts: alerts(5, 5), received: NOW },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.kind === 'stored' ? outcome.acked : outcome.code)),
      [
        1,
        'CENTRAL_ALERT_ID_TAKEN',
        'CENTRAL_ALERT_ID_TAKEN',
        'CENTRAL_AGENT_UNKNOWN',
        3,
        'CENTRAL_ALERT_ID_INVALID',
        'CENTRAL_ALERT_ID_INVALID',
      ],
    );
    assert.deepEqual(
      (await store.db.selectFrom('agents').select(['id', 'last_seq']).orderBy('id').execute()).map(
        ({ id, last_seq }) => [id, last_seq],
      ),
      [
        [AGENT, 3],
        [OTHER_AGENT, 1],
      ],
    );
    assert.deepEqual(await seqsOf(store), [1, 1, 2, 3]);
  },
);

testOnEach('texts that a database cannot hold as they are do not stop a batch', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  const alert = plainAlert(1, {
    host: 'a\0b\ud800',
    user: 'x'.repeat(10_000),
    event: { CommandLine: '\0\udfff' },
  });
  assert.equal(await keep(store, [alert]), 1);
  const [record] = await store.pageOfAlerts({ after: 0, host: 'a\ufffdb\ufffd' }, PAGE);
  assert.deepEqual(JSON.parse(record?.body ?? ''), alert);
});

testOnEach('bytes and rows that are kept are counted with the commit', async (context, place) => {
  const store = await openFor(context, place);
  await register(store, AGENT);
  await keep(store, alerts(1, 5));
  await keep(store, alerts(4, 6));
  const counters = await store.db.selectFrom('counters').selectAll().execute();
  const bytes = alerts(1, 6).reduce((sum, alert) => sum + JSON.stringify(alert).length, 0);
  const kept = Object.fromEntries(counters.map(({ name, value }) => [name, value]));
  assert.deepEqual([kept['alert_rows'], kept['alert_bytes']], [6, bytes]);
});
