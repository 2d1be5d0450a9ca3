import SqliteDatabase, { type Database } from 'better-sqlite3';
import { CentralError } from '../../errors.ts';
import { createPrivately } from '../private-file.ts';

/** Milliseconds to wait for a central that is just stopping. */
const WAIT_MS = 2_000;

/**
 * Makes this process the one central of an SQLite file, until `close()` or its death. Commands may open the file
 * beside it. What is locked is a tiny database of its own, since a lock on the file itself would shut them out.
 */
export class OwnerLock {
  readonly #file: Database;

  private constructor(file: Database) {
    this.#file = file;
  }

  /** @throws {CentralError} CENTRAL_DATABASE_LOCKED */
  static take(path: string): OwnerLock {
    const lockPath = `${path}.lock`;
    createPrivately(lockPath);
    const file = new SqliteDatabase(lockPath, { timeout: WAIT_MS });
    try {
      file.exec('BEGIN EXCLUSIVE');
      return new OwnerLock(file);
    } catch (cause) {
      file.close();
      if (!(cause instanceof SqliteDatabase.SqliteError) || !cause.code.startsWith('SQLITE_BUSY'))
        throw cause;
      throw new CentralError('CENTRAL_DATABASE_LOCKED', `another central uses the database ${path}`, {
        cause,
        hint: 'stop the other central that uses this database',
      });
    }
  }

  close(): void {
    this.#file.close();
  }
}
