import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { Ledger } from '../../../central/feed/ledger.ts';
import { Metrics } from '../../../central/metrics.ts';
import { Retention, UNFED_FACT } from '../../../central/store/retention.ts';
import { type RetentionSettings, retentionSettings } from '../../../central/store/settings.ts';
import type { Store } from '../../../central/store/store.ts';
import { keptLog, until } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { withoutPostgres } from '../services/postgres.ts';
import { keep, NOW, openFor, PAGE, register, seqsOf, sharedCluster, testOnEach } from './databases.ts';

const DAY_MS = 86_400_000;
/** Bytes of one alert as it is kept. */
const EACH = JSON.stringify(plainAlert(1)).length;
const EVER: RetentionSettings = { keep_days: null, keep_bytes: null, hard_bytes: null };

function retention(
  context: TestContext,
  store: Store,
  settings: Partial<RetentionSettings>,
  more: { feeds?: readonly string[]; clock?: () => number } = {},
): { readonly retention: Retention; readonly metrics: Metrics; readonly log: ReturnType<typeof keptLog> } {
  const metrics = new Metrics();
  const log = keptLog();
  const { feeds = [], clock = () => Date.parse(NOW) } = more;
  const parts = { store, settings: { ...EVER, ...settings }, feeds: () => feeds, metrics, log, clock };
  const made = new Retention(parts);
  context.after(() => made.stop());
  return { retention: made, metrics, log };
}

async function fill(store: Store): Promise<void> {
  await register(store, AGENT);
  for (const [index, seq] of [1, 2, 3, 4].entries()) {
    const received = new Date(Date.parse(NOW) - (4 - index) * DAY_MS).toISOString();
    await keep(store, [plainAlert(seq)], AGENT, received);
  }
  await store.indexAlerts(10);
}

async function counted(metrics: Metrics, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.text())?.[1]);
}

testOnEach(
  'alerts go with their triage, notes and words once they are too old; the audit stays',
  async (context, place) => {
    const store = await openFor(context, place);
    await fill(store);
    const alert = plainAlert(1).id;
    const touched = { changed: NOW, changed_by: 'user:a' };
    await store.db
      .insertInto('triage')
      .values({ alert, status: 'open', assignee: null, ...touched })
      .execute();
    await store.db
      .insertInto('notes')
      .values({ id: 'n', alert, time: NOW, author: 'a', text: 't' })
      .execute();
    await store.db
      .insertInto('audit')
      .values({
        number: 1,
        time: NOW,
        actor: 'a',
        action: 'b',
        subject: alert,
        detail: '',
        previous: '',
        hash: '',
      })
      .execute();
    const { retention: kept, metrics } = retention(context, store, { keep_days: 2 });
    await kept.enforce();
    assert.deepEqual(await seqsOf(store), [3, 4]);
    assert.equal(await counted(metrics, 'sealwatch_central_alerts_deleted_total'), 2);
    for (const [table, left] of [
      ['triage', 0],
      ['notes', 0],
      ['audit', 1],
      ['alert_words', 2],
    ] as const) {
      const { n } = await store.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow();
      assert.equal(n, left, table);
    }
    assert.equal((await store.searchAlerts('shell', { after: 0 }, PAGE)).length, 2);
  },
);

testOnEach(
  'the oldest alerts go until the rest fits, and positions are not used again',
  async (context, place) => {
    const store = await openFor(context, place);
    await fill(store);
    const newest = await store.newestPosition();
    await retention(context, store, { keep_bytes: 3 * EACH }).retention.enforce();
    assert.deepEqual(await seqsOf(store), [2, 3, 4]);
    await retention(context, store, { keep_bytes: 1 }).retention.enforce();
    assert.deepEqual(await seqsOf(store), []);
    assert.equal(await store.newestPosition(), newest);
    await keep(store, [plainAlert(5)]);
    assert.ok((await store.newestPosition()) > newest);
    const { value } = await store.db
      .selectFrom('counters')
      .select('value')
      .where('name', '=', 'alert_bytes')
      .executeTakeFirstOrThrow();
    assert.equal(value, JSON.stringify(plainAlert(5)).length);
  },
);

testOnEach(
  'what a configured feed has not taken stays, until the hard bound; then the loss is told',
  async (context, place) => {
    const store = await openFor(context, place);
    await fill(store);
    const [first] = await store.pageOfAlerts({ after: 0 }, PAGE);
    await new Ledger(store.db, 'slow').take(1, first?.position ?? 0);
    await new Ledger(store.db, 'gone').take(1, 0);
    const feeds = ['slow'];
    await retention(context, store, { keep_days: 1, keep_bytes: 1 }, { feeds }).retention.enforce();
    assert.deepEqual(await seqsOf(store), [2, 3, 4]);
    const hard = retention(context, store, { keep_bytes: 1, hard_bytes: 2 * EACH }, { feeds });
    await hard.retention.enforce();
    assert.deepEqual(await seqsOf(store), [3, 4]);
    assert.equal(await counted(hard.metrics, 'sealwatch_central_alerts_deleted_unfed_total'), 1);
    assert.ok(hard.log.lines.some((line) => line.startsWith('error alerts were deleted before every feed')));
    const { value } = await store.db
      .selectFrom('facts')
      .select('value')
      .where('name', '=', UNFED_FACT)
      .executeTakeFirstOrThrow();
    assert.deepEqual(JSON.parse(value), { alerts: 1, last: NOW });
    await retention(context, store, { keep_bytes: 1 }, { feeds: ['slow', 'new'] }).retention.enforce();
    assert.deepEqual(await seqsOf(store), [3, 4]);
  },
);

testOnEach('a clock that is set years ahead deletes nothing', async (context, place) => {
  const store = await openFor(context, place);
  await fill(store);
  let now = Date.parse(NOW);
  const { retention: kept } = retention(context, store, { keep_days: 90 }, { clock: () => now });
  now += 3_650 * DAY_MS;
  assert.equal(await kept.enforce(), 0);
  assert.deepEqual(await seqsOf(store), [1, 2, 3, 4]);
});

testOnEach('the defaults keep ninety days', async (context, place) => {
  const store = await openFor(context, place);
  await fill(store);
  const settings = retentionSettings.parse({});
  assert.equal(settings.keep_days, 90);
  const { retention: kept } = retention(context, store, settings);
  assert.equal(await kept.enforce(), 0);
  assert.equal(retentionSettings.safeParse({ keep_bytes: 10, hard_bytes: 5 }).success, false);
});

test('PostgreSQL: alerts that go and alerts that another node stores meanwhile wait for each other in one order', {
  skip: withoutPostgres(),
}, async (context) => {
  const store = await openFor(context, { postgresUrl: await (await sharedCluster()).createDatabase() });
  await fill(store);
  const { retention: kept } = retention(context, store, { keep_days: 2 });
  const waiting = async () => {
    const { rows } = await sql<{ n: number }>`
      SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`.execute(store.db);
    return Number(rows[0]?.n);
  };
  let enforced: Promise<number> | undefined;
  await store.db.transaction().execute(async (append) => {
    const raise = (name: 'alert_bytes' | 'alert_rows') =>
      append.updateTable('counters').set({ value: sql`value + 1` }).where('name', '=', name).execute();
    await raise('alert_bytes');
    enforced = kept.enforce();
    await until(async () => (await waiting()) > 0);
    await raise('alert_rows');
  });
  assert.equal(await enforced, 2);
});
