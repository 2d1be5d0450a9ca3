import { chmodSync, closeSync, openSync } from 'node:fs';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { CentralError, type CentralErrorCode } from '../errors.ts';
import { LADDER } from './migrations/ladder.ts';
import type { Schema } from './schema.ts';

/** `PRAGMA application_id` of central's database: "SWCE". */
const APPLICATION_ID = 0x53_57_43_45;
/** Milliseconds to wait for another process to let go of the database. */
const LOCK_WAIT_MS = 2_000;

const CODE_OF: readonly (readonly [RegExp, CentralErrorCode, string])[] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'CENTRAL_DATABASE_LOCKED', 'stop the other central that uses this database'],
  [
    /^(SQLITE_(CANTOPEN|READONLY|PERM|FULL|IOERR)|E[A-Z]+$)/,
    'CENTRAL_DATABASE_NOT_WRITABLE',
    'check that the directory exists, belongs to the user of central and has space left',
  ],
];

/** The error of better-sqlite3 or `node:fs` as one of ours; ours pass unchanged. */
function asCentralError(path: string, cause: unknown): CentralError {
  if (cause instanceof CentralError) return cause;
  const code = String(cause instanceof Error ? Reflect.get(cause, 'code') : '');
  const known = CODE_OF.find(([pattern]) => pattern.test(code));
  const reason = cause instanceof Error ? cause.message : String(cause);
  return known === undefined
    ? new CentralError('CENTRAL_DATABASE_CORRUPT', `${path} is not a usable database of central: ${reason}`, {
        cause,
        hint: 'move the file away and start again; agents send again what was not acknowledged',
      })
    : new CentralError(known[1], `cannot use the database ${path}: ${reason}`, { cause, hint: known[2] });
}

/** Opens or creates the file for this process alone, readable by its owner only. */
function openFile(path: string): Database {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const database = new SqliteDatabase(path, { timeout: LOCK_WAIT_MS });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
    database.exec('BEGIN EXCLUSIVE; COMMIT;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function migrate(path: string, file: Database, db: Kysely<Schema>): Promise<void> {
  const version = Number(file.pragma('user_version', { simple: true }));
  const application = Number(file.pragma('application_id', { simple: true }));
  const tables = file.prepare('SELECT count(*) AS n FROM sqlite_schema').pluck().get();
  const fresh = application === 0 && version === 0 && tables === 0;
  if (application !== APPLICATION_ID && !fresh) {
    throw new CentralError('CENTRAL_DATABASE_CORRUPT', `${path} is the database of another program`, {
      hint: 'name another file',
    });
  }
  if (version > LADDER.length) {
    throw new CentralError(
      'CENTRAL_DATABASE_TOO_NEW',
      `${path} has version ${version}, this program knows ${LADDER.length}`,
      { hint: 'start the newer Sealwatch that wrote it' },
    );
  }
  for (const [index, step] of LADDER.entries()) {
    if (index < version) continue;
    await db.transaction().execute(async (transaction) => {
      await step(transaction as unknown as Kysely<never>, 'sqlite');
      await sql`PRAGMA application_id = ${sql.raw(String(APPLICATION_ID))}`.execute(transaction);
      await sql`PRAGMA user_version = ${sql.raw(String(index + 1))}`.execute(transaction);
    });
  }
}

/**
 * Opens central's database (WAL, synchronous=FULL, mode 0600, locked for this process) and brings it to
 * the newest version. `destroy()` of the result closes the file.
 * @throws {CentralError} CENTRAL_DATABASE_LOCKED, _CORRUPT, _NOT_WRITABLE or _TOO_NEW
 */
export async function openDatabase(path: string): Promise<Kysely<Schema>> {
  let file: Database | undefined;
  try {
    file = openFile(path);
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: file }) });
    await migrate(path, file, db);
    await sql`SELECT 1`.execute(db);
    return db;
  } catch (error) {
    file?.close();
    throw asCentralError(path, error);
  }
}
