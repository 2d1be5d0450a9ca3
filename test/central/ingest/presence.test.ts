import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Presence } from '../../../central/ingest/presence.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore } from '../../../central/store/store.ts';
import { keptLog } from '../bench.ts';
import { testOnEach } from '../store/databases.ts';

const NOW = Date.parse('2026-11-28T10:00:00.000Z');
const NEVER_MS = 2 ** 30;

async function opened(context: TestContext, place: DatabasePlace, agents: number) {
  const store = await openStore(place);
  const ids = Array.from({ length: agents }, (_, index) => index.toString(16).padStart(16, '0'));
  for (const id of ids)
    await store.registerAgent({ id, version: '1', host: id, os: 'o' }, new Date(NOW).toISOString());
  const log = keptLog();
  const presence = new Presence({ store, log, noteIntervalMs: NEVER_MS });
  context.after(() => presence.stop().then(() => store.close()));
  const rows = () => store.db.selectFrom('agents').selectAll().orderBy('id').execute();
  return { store, ids, presence, rows, log };
}

testOnEach('the last word of each agent is written, thousands of them at once', async (context, place) => {
  const { ids, presence, rows } = await opened(context, place, 1_200);
  for (const [index, id] of ids.entries()) {
    presence.heard(id, NOW + 1_000, { type: 'heartbeat', last_seq: 1, waiting: 1, health: [] });
    presence.heard(id, NOW + 2_400, { type: 'heartbeat', last_seq: 1, waiting: index % 3 });
    if (index % 2 === 0) presence.left(id, NOW + 3_000, index % 4 === 0 ? 'stopped' : 'disconnected');
  }
  await presence.flush();
  const after = await rows();
  assert.deepEqual(
    after.slice(0, 4).map(({ state, last_seen, waiting }) => [state, last_seen, waiting]),
    [
      ['stopped', '2026-11-28T10:00:03.000Z', 0],
      ['connected', '2026-11-28T10:00:02.000Z', 1],
      ['disconnected', '2026-11-28T10:00:03.000Z', 2],
      ['connected', '2026-11-28T10:00:02.000Z', 0],
    ],
  );
  assert.equal(after.filter(({ state }) => state === 'connected').length, 600);
});

testOnEach('health is kept until another is told', async (context, place) => {
  const { ids, presence, rows } = await opened(context, place, 1);
  const [id = ''] = ids;
  const health = [{ collector: 'process/ebpf', state: 'failed' as const, detail: 'gone' }];
  presence.heard(id, NOW, { type: 'heartbeat', last_seq: 1, waiting: 7, health });
  await presence.flush();
  presence.heard(id, NOW + 9_000);
  await presence.flush();
  const [row] = await rows();
  assert.deepEqual([row?.waiting, JSON.parse(row?.health ?? '')], [7, health]);
});

testOnEach('losses survive restarts of the agent', async (context, place) => {
  const { ids, presence, rows } = await opened(context, place, 2);
  const [id = ''] = ids;
  const day = (hour: string) => `2026-11-28T${hour}:00:00.000Z`;
  presence.lost(id, { type: 'loss', since: day('10'), lost: { spool: 2 } });
  presence.lost(id, { type: 'loss', since: day('10'), lost: { spool: 4 } });
  await presence.flush();
  presence.lost(id, { type: 'loss', since: day('11'), lost: { spool: 1, queue: 9 } });
  await presence.flush();
  const [row, other] = await rows();
  assert.deepEqual(
    [row?.lost_since, JSON.parse(row?.lost ?? ''), JSON.parse(row?.lost_before ?? '')],
    [day('11'), { spool: 1, queue: 9 }, { spool: 4 }],
  );
  assert.deepEqual([other?.lost, other?.lost_since], ['{}', null]);
});

testOnEach('what could not be written is written later, and newer words win', async (context, place) => {
  const { store, ids, presence, rows, log } = await opened(context, place, 2);
  const [one = '', two = ''] = ids;
  await store.db.schema.alterTable('agents').renameTo('elsewhere').execute();
  presence.heard(one, NOW + 1_000);
  presence.heard(two, NOW + 1_000);
  presence.lost(one, { type: 'loss', since: new Date(NOW).toISOString(), lost: { queue: 1 } });
  await presence.flush();
  await presence.flush();
  assert.equal(log.lines.length, 1, 'a fault that goes on is logged once');
  await store.db.schema.alterTable('elsewhere').renameTo('agents').execute();
  presence.left(two, NOW + 5_000, 'disconnected');
  await presence.flush();
  const after = await rows();
  assert.deepEqual(
    after.map(({ state, last_seen }) => [state, last_seen]),
    [
      ['connected', '2026-11-28T10:00:01.000Z'],
      ['disconnected', '2026-11-28T10:00:05.000Z'],
    ],
  );
  assert.equal(after[0]?.lost, '{"queue":1}');
});
