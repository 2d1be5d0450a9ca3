import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { ThreadPlace } from './jobs.ts';

/** Milliseconds to wait for another process to end its transaction. */
const LOCK_WAIT_MS = 5_000;
/** Alerts are about 1 KB: pages of 8 KB hold several, and fewer pages are written for each. */
const PAGE_BYTES = 8_192;
/** Kilobytes of pages that a connection keeps in memory. */
const CACHE_KB = 32_768;
/** Bytes to which the write-ahead log is cut back after a burst. */
const LOG_BYTES = 64 * 1024 * 1024;

/** Opens the file as a thread of central needs it: WAL, synchronous=FULL, freed pages can be given back. */
export function openFile({ path, role }: ThreadPlace): Database {
  const readonly = role === 'inspector';
  const database = new SqliteDatabase(path, { timeout: LOCK_WAIT_MS, fileMustExist: true, readonly });
  if (readonly) return database;
  try {
    // The first two only count while the file is empty.
    database.pragma(`page_size = ${PAGE_BYTES}`);
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
    database.pragma(`cache_size = -${CACHE_KB}`);
    database.pragma(`journal_size_limit = ${LOG_BYTES}`);
    if (role === 'reader') database.pragma('query_only = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
