import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { sql } from 'kysely';
import { Ledger } from '../../../central/feed/ledger.ts';
import { pageOfServers } from '../../../central/fleet/servers.ts';
import { describePlace, placeOf } from '../../../central/store/place.ts';
import { openStore } from '../../../central/store/store.ts';
import { until, workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';
import { coded, keep, NOW, openFor, PAGE, register, seqsOf, sharedCluster, testOnEach } from './databases.ts';

const VERSION_1 = new URL('../../fixtures/central-store/sqlite/version-1.sql', import.meta.url);

test('a database of version 1 is brought to the newest version with all that is in it', async (context) => {
  const path = join(workDirectory(context), 'central.db');
  const old = new SqliteDatabase(path);
  old.exec(readFileSync(VERSION_1, 'utf8'));
  old.close();
  const store = await openFor(context, path);
  assert.equal(await store.newestPosition(), 7);
  assert.equal(await new Ledger(store.db, 'jsonl:/var/feed').cursor(), 7);
  const [agent] = await store.db.selectFrom('agents').select(['state', 'last_seq']).orderBy('id').execute();
  assert.deepEqual([agent?.state, agent?.last_seq], ['disconnected', 1]);
  assert.equal((await pageOfServers(store.db, { agent: '', id: '' }, {}, 10)).length, 1);
  assert.equal(await store.searchLag(), 7);
  await store.indexAlerts(10);
  assert.equal((await store.searchAlerts('alice', { after: 0, status: 'new' }, PAGE)).length, 1);
  assert.equal(await keep(store, [plainAlert(1), plainAlert(2)]), 2);
  const counters = await store.db
    .selectFrom('counters')
    .selectAll()
    .where('name', '=', 'alert_rows')
    .execute();
  assert.deepEqual(counters, [{ name: 'alert_rows', value: 2 }]);
});

testOnEach('what is stored is there when the database is opened again', async (context, place) => {
  const first = await openStore(place);
  await register(first, AGENT);
  await keep(first, [plainAlert(1), plainAlert(2)]);
  await first.close();
  const second = await openFor(context, place);
  assert.deepEqual(await seqsOf(second), [1, 2]);
  assert.equal(await second.registerAgent({ id: AGENT, version: '1', host: 'h', os: 'o' }, NOW), 2);
});

testOnEach(
  'commands open the database beside central, also before it was ever started',
  async (context, place) => {
    const early = await openStore(place, 'command');
    await register(early, AGENT);
    await early.close();
    const central = await openFor(context, place);
    await keep(central, [plainAlert(1)]);
    const command = await openStore(place, 'command');
    context.after(() => command.close());
    assert.deepEqual(await seqsOf(command), [1]);
    // Each reads before it writes: none may fail because the other wrote in between.
    const raise = (store: typeof central) =>
      store.db.transaction().execute(async (transaction) => {
        if (store.dialect === 'postgres') await sql`LOCK TABLE facts`.execute(transaction);
        const row = await transaction
          .selectFrom('facts')
          .selectAll()
          .where('name', '=', 'n')
          .executeTakeFirst();
        const value = String(Number(row?.value ?? 0) + 1);
        await transaction.deleteFrom('facts').where('name', '=', 'n').execute();
        await transaction.insertInto('facts').values({ name: 'n', value }).execute();
      });
    for (let round = 0; round < 20; round += 1) await Promise.all([raise(central), raise(command)]);
    assert.deepEqual(await central.db.selectFrom('facts').selectAll().execute(), [
      { name: 'n', value: '40' },
    ]);
  },
);

testOnEach(
  'several that open an empty database at once do not disturb each other',
  async (context, place) => {
    const use = typeof place === 'string' ? 'command' : 'central';
    const opened = await Promise.allSettled([1, 2, 3].map(() => openStore(place, use)));
    const stores = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const store of stores) context.after(() => store.close());
    for (const one of opened) {
      if (one.status === 'rejected')
        assert.ok(coded('CENTRAL_DATABASE_LOCKED')(one.reason), String(one.reason));
    }
    assert.ok(stores.length > 0 && (typeof place === 'string' || stores.length === 3));
    for (const store of stores) await store.check();
  },
);

testOnEach(
  'a write that fails undoes its transaction and leaves the connection usable',
  async (context, place) => {
    const store = await openFor(context, place);
    const feed = { name: 'a', position: 2 ** 52 };
    const twice = store.db.transaction().execute(async (transaction) => {
      await transaction.insertInto('feeds').values(feed).execute();
      await transaction.insertInto('feeds').values(feed).execute();
    });
    await assert.rejects(twice);
    assert.deepEqual(await store.db.selectFrom('feeds').selectAll().execute(), []);
    const ledger = new Ledger(store.db, feed.name);
    await ledger.take(1, feed.position);
    assert.equal(await ledger.cursor(), 2 ** 52);
  },
);

testOnEach(
  'many single changes at once are all made, and one that is at fault fails alone',
  async (context, place) => {
    const store = await openFor(context, place);
    const ledger = (name: string) => new Ledger(store.db, name);
    await ledger('taken').take(1, 1);
    const many = Array.from({ length: 1_500 }, (_, index) => ledger(`feed-${index}`).take(1, index));
    const clash = store.db.insertInto('feeds').values({ name: 'taken', position: 2 }).execute();
    const [last] = await Promise.all([
      store.db.updateTable('feeds').set({ position: 3 }).where('name', '=', 'taken').executeTakeFirst(),
      ...many,
      assert.rejects(clash),
    ]);
    assert.equal(last.numUpdatedRows, 1n);
    assert.equal(await ledger('taken').cursor(), 3);
    assert.equal(await ledger('feed-1499').cursor(), 1_499);
  },
);

const postgres = { skip: withoutPostgres() };

test(
  'a PostgreSQL database that is foreign, newer, missing or closed to the user is refused with its own code',
  postgres,
  async () => {
    const cluster = await sharedCluster();
    const foreign = await cluster.createDatabase();
    await cluster.query('CREATE TABLE songs (title text)', foreign);
    const newer = await cluster.createDatabase();
    await (await openStore({ postgresUrl: newer })).close();
    await cluster.query('INSERT INTO sealwatch_central VALUES (99)', newer);
    const wrongPassword = new URL(newer);
    wrongPassword.password = 'wrong';
    const nobodyThere = new URL(newer);
    nobodyThere.port = '1';
    for (const [postgresUrl, code] of [
      [foreign, 'CENTRAL_DATABASE_CORRUPT'],
      [newer, 'CENTRAL_DATABASE_TOO_NEW'],
      [cluster.url('nowhere'), 'CENTRAL_DATABASE_REFUSED'],
      [wrongPassword.href, 'CENTRAL_DATABASE_REFUSED'],
      [nobodyThere.href, 'CENTRAL_DATABASE_UNREACHABLE'],
    ] as const) {
      await assert.rejects(openStore({ postgresUrl }), (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.doesNotMatch(`${error.message} ${error.stack}`, new RegExp(cluster.password));
        return coded(code)(error);
      });
    }
  },
);

test(
  'PostgreSQL stopped, killed and started again loses nothing that was acknowledged',
  postgres,
  async (context) => {
    const cluster = await PostgresCluster.open();
    context.after(() => cluster.destroy());
    const store = await openFor(context, { postgresUrl: await cluster.createDatabase() });
    await register(store, AGENT);
    let acked = 0;
    let isOver = false;
    let failures = 0;
    const writing = (async () => {
      while (!isOver) {
        try {
          acked = await keep(store, [plainAlert(acked + 1), plainAlert(acked + 2)]);
        } catch (error) {
          assert.ok(coded('CENTRAL_DATABASE_UNREACHABLE')(error), String(error));
          failures += 1;
        }
      }
    })();
    for (const end of [() => cluster.stop(), () => cluster.kill()]) {
      const [before, failed] = [acked, failures];
      await until(() => acked > before + 20);
      await end();
      await until(() => failures > failed);
      await cluster.start();
    }
    const before = acked;
    await until(() => acked > before);
    isOver = true;
    await writing;
    assert.deepEqual(
      (await store.pageOfAlerts({ after: 0 }, { rows: 1_000_000, bytes: 1e9 })).map(({ id }) => id),
      Array.from({ length: acked }, (_, index) => plainAlert(index + 1).id),
    );
  },
);

test('the URL of a database comes from a file that only its owner reads, and is shown without the password', (context) => {
  const path = join(workDirectory(context), 'url');
  const url = 'postgres://central:s3cret@db.example:5433/fleet';
  writeFileSync(path, `${url}\n`, { mode: 0o600 });
  const place = placeOf({ postgres_url_file: path });
  assert.deepEqual(place, { postgresUrl: url });
  assert.equal(describePlace(place), 'postgres://central@db.example:5433/fleet');
  assert.equal(placeOf('/var/lib/central.db'), '/var/lib/central.db');
  chmodSync(path, 0o640);
  assert.throws(() => placeOf({ postgres_url_file: path }), coded('CENTRAL_DATABASE_URL_INVALID'));
  writeFileSync(path, 'mysql://x');
  chmodSync(path, 0o600);
  assert.throws(() => placeOf({ postgres_url_file: path }), coded('CENTRAL_DATABASE_URL_INVALID'));
  assert.throws(() => placeOf({ postgres_url_file: `${path}x` }), coded('CENTRAL_DATABASE_URL_INVALID'));
});

test('an SQLite file gives the space of deleted alerts back', async (context) => {
  const path = join(workDirectory(context), 'central.db');
  const store = await openFor(context, path);
  await register(store, AGENT);
  const big = 'x'.repeat(10_000);
  await keep(
    store,
    Array.from({ length: 300 }, (_, index) => plainAlert(index + 1, { event: { CommandLine: big } })),
  );
  const checkpoint = () => sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(store.db);
  await checkpoint();
  const full = statSync(path).size;
  await store.db.deleteFrom('alerts').execute();
  await store.giveBackSpace();
  await checkpoint();
  assert.ok(statSync(path).size <= full - 100 * 8_192);
});
