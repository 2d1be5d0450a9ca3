import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Leadership } from '../../../central/leadership/leadership.ts';
import { Lease, SILENT_MS } from '../../../central/leadership/lease.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import { keptLog, until, workDirectory } from '../bench.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';
import { openFor, sharedCluster, testOnEach } from '../store/databases.ts';

/** A node that strives to lead, and what it did. */
async function candidate(context: TestContext, place: DatabasePlace, node: string) {
  const store = await openStore(place);
  const silentMs = store.dialect === 'sqlite' ? 0 : SILENT_MS;
  const lease = new Lease({
    ...{ db: store.leases, duty: 'feeds', node, silentMs, monotonic: () => performance.now() },
    followsSession: store.dialect === 'postgres',
  });
  const did: string[] = [];
  const leadership = new Leadership({
    lease,
    log: keptLog(),
    lead: async (term) => {
      did.push(`began ${term}`);
      return {
        finish: async () => void did.push('finished'),
        abandon: async () => void did.push('abandoned'),
      };
    },
  });
  await leadership.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= leadership.stop().then(() => store.close());
    return stopped;
  };
  context.after(stop);
  return { did, stop, leads: () => leadership.isLeader };
}

test('the one central of an SQLite file leads at once, also after a crash, and in a higher term', async (context) => {
  const directory = workDirectory(context);
  for (const term of [1, 2]) {
    const place = `${directory}/central.db`;
    const only = await candidate(context, place, 'only');
    assert.deepEqual([only.leads(), only.did], [true, [`began ${term}`]]);
    await only.stop();
    assert.deepEqual([only.leads(), only.did], [false, [`began ${term}`, 'finished']]);
    const store = await openStore(place);
    await store.db.updateTable('leases').set({ node: 'only' }).execute();
    await store.close();
  }
});

test('of two nodes one leads; the other takes over when it stops, and both strive on after PostgreSQL was away', {
  skip: withoutPostgres(),
}, async (context) => {
  const postgres = await PostgresCluster.open();
  context.after(() => postgres.destroy());
  const place = { postgresUrl: postgres.url() };
  const [one, two] = [await candidate(context, place, 'one'), await candidate(context, place, 'two')];
  assert.deepEqual([one.leads(), two.leads()], [true, false]);
  await postgres.kill();
  await until(() => !one.leads());
  assert.deepEqual([one.did, two.did], [['began 1', 'abandoned'], []]);
  await postgres.start();
  await until(() => one.leads() || two.leads());
  const [leader, other] = one.leads() ? [one, two] : [two, one];
  assert.equal(other.leads(), false);
  await leader.stop();
  await until(() => other.leads());
  assert.equal(leader.did.at(-1), 'finished');
});

testOnEach(
  'a lease is over when it was not renewed for long enough, by the clock of who watches',
  async (context, place) => {
    const { db } = await openFor(context, place);
    let now = 0;
    const lease = (node: string) =>
      new Lease({ db, duty: 'rollouts', node, silentMs: 5_000, followsSession: false, monotonic: () => now });
    const [one, two, three] = [lease('one'), lease('two'), lease('three')];
    assert.equal(await one.take(), 1);
    now = 1_000_000;
    assert.equal(await two.take(), null, 'two sees it for the first time');
    now += 4_999;
    assert.equal(await one.take(), 1);
    now += 1;
    assert.equal(await two.take(), null, 'it was renewed');
    assert.equal(await three.take(), null);
    now += 5_000;
    const terms = await Promise.all([two.take(), three.take()]);
    assert.deepEqual(terms.toSorted(), [2, null], 'one of both');
    assert.equal(await one.take(), null, 'who held it before');
    await one.release();
    assert.equal(await one.take(), null, 'who held it before cannot release it');
    await (terms[0] === 2 ? two : three).release();
    assert.equal(await one.take(), 3, 'it is free at once');
  },
);

test('PostgreSQL: a holder whose process ended is followed at once, one that only fell silent is not', {
  skip: withoutPostgres(),
}, async (context) => {
  const place = { postgresUrl: await (await sharedCluster()).createDatabase() };
  const [ending, staying] = [await openStore(place), await openFor(context, place)];
  const lease = ({ leases: db }: Store, node: string) =>
    new Lease({ db, duty: 'feeds', node, silentMs: SILENT_MS, followsSession: true, monotonic: () => 0 });
  const [one, two] = [lease(ending, 'one'), lease(staying, 'two')];
  assert.equal(await one.take(), 1);
  for (let look = 0; look < 3; look += 1) assert.equal(await two.take(), null);
  assert.equal(await one.take(), 1);
  assert.equal(await two.take(), null, 'its session is as it was when it renewed last');
  await ending.close();
  await until(async () => (await two.take()) === 2);
});
