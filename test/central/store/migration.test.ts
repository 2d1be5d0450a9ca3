import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { sql } from 'kysely';
import { CentralError } from '../../../central/errors.ts';
import { Ledger } from '../../../central/feed/ledger.ts';
import { noteAuthor } from '../../../central/store/migrations/author.ts';
import { LADDER } from '../../../central/store/migrations/ladder.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import { workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { withoutPostgres } from '../services/postgres.ts';
import { keep, openFor, PAGE, sharedCluster, testOnEach } from './databases.ts';

type Rows = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;

const FIXTURES = fileURLToPath(new URL('../../fixtures/central-store/', import.meta.url));
/** Tables that are not data: the version, words for searches, and what belongs to the database itself. */
const NO_DATA = /^(?:sealwatch_central|alert_words.*|sqlite_.*)$/;

/** An old database of one kind: laid from its text, and read without the program. */
interface OldDatabase {
  readonly place: DatabasePlace;
  rows(): Promise<Rows>;
}

const KINDS = [
  { name: 'sqlite', skip: false, lay: laySqlite },
  { name: 'postgres', skip: withoutPostgres(), lay: layPostgres },
] as const;

async function laySqlite(context: TestContext, text: string): Promise<OldDatabase> {
  const path = join(workDirectory(context), 'central.db');
  const within = <T>(use: (database: SqliteDatabase.Database) => T): T => {
    const database = new SqliteDatabase(path);
    try {
      return use(database);
    } finally {
      database.close();
    }
  };
  within((database) => database.exec(text));
  const rows = async () =>
    within((database) => {
      const names = database
        .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .pluck()
        .all();
      const read = (name: string) =>
        database.prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`).all();
      return new Map(names.filter((name) => !NO_DATA.test(name)).map((name) => [name, read(name)]));
    });
  return { place: path, rows };
}

async function layPostgres(_context: TestContext, text: string): Promise<OldDatabase> {
  const cluster = await sharedCluster();
  const url = await cluster.createDatabase();
  await cluster.query(text, url);
  const rows = async () => {
    const names = await cluster.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", url);
    const found = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
    for (const { tablename } of names) {
      const name = String(tablename);
      if (!NO_DATA.test(name)) found.set(name, await cluster.query(`SELECT * FROM "${name}"`, url));
    }
    return found;
  };
  return { place: { postgresUrl: url }, rows };
}

/** Only these columns of rows, in an order of their own; an agent of a central that runs no more is not connected. */
function asBefore(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]) {
  return rows
    .map((row) =>
      JSON.stringify(
        columns.map((name) => (name === 'state' && row[name] === 'connected' ? 'disconnected' : row[name])),
      ),
    )
    .sort();
}

for (const kind of KINDS) {
  const versions = readdirSync(join(FIXTURES, kind.name))
    .map((name) => Number(/^version-(\d+)\.sql$/.exec(name)?.[1]))
    .sort((a, b) => a - b);

  test(`${kind.name}: of each version up to the newest there is a database`, () => {
    assert.deepEqual(
      versions,
      LADDER.map((_, index) => index + 1),
    );
  });

  for (const version of versions) {
    test(`${kind.name}: a database of version ${version} is brought to the newest with every row unharmed`, {
      skip: kind.skip,
    }, async (context) => {
      const text = readFileSync(join(FIXTURES, kind.name, `version-${version}.sql`), 'utf8');
      const old = await kind.lay(context, text);
      const before = await old.rows();
      assert.ok(
        [...before].every(([, rows]) => rows.length > 0),
        'there is something in each table',
      );
      const store = await openFor(context, old.place);
      const after = await old.rows();
      for (const [name, rows] of before) {
        const columns = Object.keys(rows[0] ?? {});
        assert.deepEqual(asBefore(after.get(name) ?? [], columns), asBefore(rows, columns), name);
      }
      await worksOn(store, before);
    });
  }
}

/** Has today's central work with what that version kept. */
async function worksOn(store: Store, before: Rows): Promise<void> {
  const alerts = before.get('alerts')?.length ?? 0;
  assert.equal((await store.pageOfAlerts({ after: 0 }, PAGE)).length, alerts);
  assert.equal(await new Ledger(store.db, 'jsonl:/var/feed').cursor(), 7);
  await store.indexAlerts(100);
  assert.equal(await store.searchLag(), 0);
  assert.equal(
    (await store.searchAlerts('alice', { after: 0 }, PAGE)).length,
    1,
    'what came before is found',
  );
  const seqs = Array.from({ length: alerts + 1 }, (_, index) => plainAlert(index + 1));
  assert.equal(await keep(store, seqs), alerts + 1, 'what is sent again is known');
  assert.equal((await store.pageOfAlerts({ after: 0 }, PAGE)).length, alerts + 1);
  const counted = await store.db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'alert_rows')
    .executeTakeFirstOrThrow();
  assert.ok(Number(counted.value) >= 1);
  const agent = await store.db
    .selectFrom('agents')
    .select('last_seq')
    .where('id', '=', AGENT)
    .executeTakeFirst();
  assert.equal(Number(agent?.last_seq), alerts + 1);
}

testOnEach(
  'an older central refuses a newer database, names both, and says how to go on',
  async (_context, place) => {
    const store = await openStore(place);
    await noteAuthor(store.db, '0.9.0');
    if (store.dialect === 'sqlite') await sql`PRAGMA user_version = 99`.execute(store.db);
    else await sql`INSERT INTO sealwatch_central VALUES (99)`.execute(store.db);
    await store.close();
    for (const use of ['central', 'command'] as const) {
      await assert.rejects(openStore(place, use), (error: unknown) => {
        assert.ok(error instanceof CentralError);
        assert.equal(error.code, 'CENTRAL_DATABASE_TOO_NEW');
        assert.match(
          error.message,
          new RegExp(`has version 99 of Sealwatch 0\\.9\\.0, this program knows ${LADDER.length}$`),
        );
        assert.match(error.hint ?? '', /^install Sealwatch 0\.9\.0 again, or .*sealwatch central restore$/);
        return true;
      });
    }
  },
);
