import { type Kysely, sql } from 'kysely';
import { CentralError } from '../../errors.ts';
import type { Dialect } from '../dialect.ts';
import { lockTransaction } from '../postgres/advisory-locks.ts';
import type { Schema } from '../schema.ts';
import { authorOf } from './author.ts';
import { LADDER } from './ladder.ts';

/** `PRAGMA application_id` of central's database: "SWCE". */
export const APPLICATION_ID = 0x53_57_43_45;

/** How a database keeps its version. Everything happens within the transaction of a step. */
interface Rungs {
  /** Keeps everybody else from climbing until the transaction ends. */
  lock(transaction: Kysely<Schema>): Promise<void>;
  /** Version of the database, 0 for an empty one; null for another program's. */
  read(transaction: Kysely<Schema>): Promise<number | null>;
  write(transaction: Kysely<Schema>, version: number): Promise<void>;
}

async function numberOf(db: Kysely<Schema>, query: string): Promise<number> {
  const { rows } = await sql.raw<Record<string, number>>(query).execute(db);
  return Object.values(rows[0] ?? {})[0] ?? 0;
}

const SQLITE: Rungs = {
  // Transactions are IMMEDIATE.
  lock: async () => undefined,
  async read(transaction) {
    const application = await numberOf(transaction, 'PRAGMA application_id');
    const version = await numberOf(transaction, 'PRAGMA user_version');
    if (application === APPLICATION_ID) return version;
    const tables = await numberOf(transaction, 'SELECT count(*) AS n FROM sqlite_schema');
    return application === 0 && version === 0 && tables === 0 ? 0 : null;
  },
  async write(transaction, version) {
    await sql.raw(`PRAGMA application_id = ${APPLICATION_ID}`).execute(transaction);
    await sql.raw(`PRAGMA user_version = ${version}`).execute(transaction);
  },
};

const POSTGRES: Rungs = {
  async lock(transaction) {
    await lockTransaction(transaction, 'migrate');
    // Old alerts may have to be read through, which takes as long as it takes.
    await sql`SET LOCAL statement_timeout = 0`.execute(transaction);
  },
  async read(transaction) {
    const known = await numberOf(
      transaction,
      `SELECT count(*) AS n FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'sealwatch_central'`,
    );
    if (known > 0) return await numberOf(transaction, 'SELECT max(version) AS n FROM sealwatch_central');
    const others = await numberOf(
      transaction,
      'SELECT count(*) AS n FROM pg_tables WHERE schemaname = current_schema()',
    );
    return others === 0 ? 0 : null;
  },
  async write(transaction, version) {
    await sql`CREATE TABLE IF NOT EXISTS sealwatch_central (version integer PRIMARY KEY)`.execute(
      transaction,
    );
    await sql`INSERT INTO sealwatch_central VALUES (${version})`.execute(transaction);
  },
};

const RUNGS: Readonly<Record<Dialect, Rungs>> = { sqlite: SQLITE, postgres: POSTGRES };

/** Version of a database. @throws {CentralError} CENTRAL_DATABASE_CORRUPT or _TOO_NEW */
async function versionOf(db: Kysely<Schema>, dialect: Dialect, place: string): Promise<number> {
  const version = await RUNGS[dialect].read(db);
  if (version === null) {
    throw new CentralError('CENTRAL_DATABASE_CORRUPT', `${place} is the database of another program`, {
      hint: 'name another one',
    });
  }
  if (version > LADDER.length) {
    const author = await authorOf(db);
    throw new CentralError(
      'CENTRAL_DATABASE_TOO_NEW',
      `${place} has version ${version} of ${author}, this program knows ${LADDER.length}`,
      {
        hint: `install ${author} again, or bring back a backup from before the upgrade: sealwatch central restore`,
      },
    );
  }
  return version;
}

/** Whether the database has the newest version. @throws {CentralError} CENTRAL_DATABASE_CORRUPT or _TOO_NEW */
export async function isNewest(db: Kysely<Schema>, dialect: Dialect, place: string): Promise<boolean> {
  return (await versionOf(db, dialect, place)) === LADDER.length;
}

/**
 * Brings a database to the newest version, one step in one transaction after the other; whoever comes at the same
 * time waits.
 * @throws {CentralError} CENTRAL_DATABASE_CORRUPT or _TOO_NEW
 */
export async function climb(db: Kysely<Schema>, dialect: Dialect, place: string): Promise<void> {
  const rungs = RUNGS[dialect];
  for (let isThere = false; !isThere; ) {
    isThere = await db.transaction().execute(async (transaction) => {
      await rungs.lock(transaction);
      const version = await versionOf(transaction, dialect, place);
      const step = LADDER[version];
      if (step === undefined) return true;
      await step(transaction as unknown as Kysely<never>, dialect);
      await rungs.write(transaction, version + 1);
      return version + 1 === LADDER.length;
    });
  }
}
