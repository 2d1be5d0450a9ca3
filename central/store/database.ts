import { Kysely, PostgresDialect } from 'kysely';
import { CentralError } from '../errors.ts';
import type { PackedBatch, SettledBatch } from './batches.ts';
import type { Dialect } from './dialect.ts';
import { tellSqlite } from './failures.ts';
import { climb, isNewest } from './migrations/climb.ts';
import { type DatabasePlace, describePlace } from './place.ts';
import { createPrivately } from './private-file.ts';
import type { Schema } from './schema.ts';
import { ThreadDialect } from './sqlite/dialect.ts';
import { OwnerLock } from './sqlite/owner-lock.ts';
import { SqliteThread } from './sqlite/thread.ts';
import { SqliteThreads } from './sqlite/threads.ts';

/** Pages of SQLite (8 KB) that are given back at once. */
const PAGES_GIVEN_BACK = 256;

/** Connections to PostgreSQL: of everybody, and those kept for alerts that come in, which slow searches must not hold up. */
const SHARED_CONNECTIONS = 8;
const INTAKE_CONNECTIONS = 2;
/** Milliseconds after which a lease's connection that does not answer is given up for a new one. */
const LEASE_ANSWER_MS = 4_000;

/** `central`: the one that runs, which others of an SQLite file are refused beside; `command`: beside it. */
export type DatabaseUse = 'central' | 'command';

/** An open database, and what it does in a way of its own. */
export interface Database {
  readonly db: Kysely<Schema>;
  /** For leases: in PostgreSQL one connection more, which nothing else can hold up. */
  readonly leases: Kysely<Schema>;
  readonly dialect: Dialect;
  /** Stores a group of batches in one transaction. @throws {CentralError} and whatever the database throws: nothing is stored */
  append(batches: readonly PackedBatch[]): Promise<readonly SettledBatch[]>;
  /** Adds the next `rows` alerts at most to the words for searches. Answers how many. */
  index(rows: number): Promise<number>;
  /** Gives space of deleted rows back to the file system, where that is not the database's own business. */
  giveBackSpace(): Promise<void>;
  close(): Promise<void>;
}

async function openThreads(path: string): Promise<SqliteThreads> {
  const writer = await SqliteThread.open({ path, role: 'writer' });
  try {
    return new SqliteThreads(writer, await SqliteThread.open({ path, role: 'reader' }));
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Brings the file to the newest version; beside a central that runs it must have it already. */
async function climbInTurn(db: Kysely<Schema>, path: string, use: DatabaseUse): Promise<void> {
  if (use === 'central') return await climb(db, 'sqlite', path);
  if (await isNewest(db, 'sqlite', path)) return;
  const lock = OwnerLock.take(path);
  try {
    await climb(db, 'sqlite', path);
  } finally {
    lock.close();
  }
}

async function openSqlite(path: string, use: DatabaseUse): Promise<Database> {
  createPrivately(path);
  const lock = use === 'central' ? OwnerLock.take(path) : null;
  let db: Kysely<Schema> | undefined;
  try {
    const threads = await openThreads(path);
    db = new Kysely<Schema>({ dialect: new ThreadDialect(threads) });
    await climbInTurn(db, path, use);
    const opened = db;
    return {
      db,
      leases: db,
      dialect: 'sqlite',
      append: (batches) => threads.turns.within(() => threads.writer.do('append', batches)),
      index: (rows) => threads.turns.within(() => threads.writer.do('index', { rows })),
      async giveBackSpace() {
        await threads.turns.within(() => threads.writer.do('giveBack', { pages: PAGES_GIVEN_BACK }));
      },
      async close() {
        await opened.destroy();
        lock?.close();
      },
    };
  } catch (error) {
    await db?.destroy();
    lock?.close();
    throw error;
  }
}

async function openPostgres(url: string): Promise<Database> {
  // Loaded only where it is used: the client of PostgreSQL would slow every start.
  const [{ ToldPool }, { appendToPostgres }, { indexNextInPostgres }] = await Promise.all([
    import('./postgres/pool.ts'),
    import('./postgres/append.ts'),
    import('./postgres/indexing.ts'),
  ]);
  const connect = (connections: number, answerMs?: number) =>
    new Kysely<Schema>({ dialect: new PostgresDialect({ pool: new ToldPool(url, connections, answerMs) }) });
  const db = connect(SHARED_CONNECTIONS);
  const intake = connect(INTAKE_CONNECTIONS);
  const leases = connect(1, LEASE_ANSWER_MS);
  const close = async () => {
    await Promise.all([db.destroy(), intake.destroy(), leases.destroy()]);
  };
  try {
    await climb(db, 'postgres', describePlace({ postgresUrl: url }));
    return {
      db,
      leases,
      dialect: 'postgres',
      append: (batches) => appendToPostgres(intake, batches),
      index: (rows) => indexNextInPostgres(intake, rows),
      giveBackSpace: async () => undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens central's database and brings it to the newest version. An SQLite file is created with mode 0600 in a
 * directory that exists; it has WAL and synchronous=FULL.
 * @throws {CentralError} CENTRAL_DATABASE_LOCKED, _CORRUPT, _NOT_WRITABLE, _TOO_NEW, _UNREACHABLE or _REFUSED
 */
export async function openDatabase(place: DatabasePlace, use: DatabaseUse): Promise<Database> {
  if (typeof place !== 'string') return await openPostgres(place.postgresUrl);
  try {
    return await openSqlite(place, use);
  } catch (cause) {
    const error = tellSqlite(cause, place);
    if (error instanceof CentralError) throw error;
    throw new CentralError(
      'CENTRAL_DATABASE_CORRUPT',
      `${place} is not a usable database: ${error.message}`,
      {
        cause: error,
        hint: 'restore a backup, or move the file away; agents send again what was not acknowledged',
      },
    );
  }
}
