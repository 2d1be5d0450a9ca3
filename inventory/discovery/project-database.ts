import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Sqlite from 'better-sqlite3';
import type { ProjectDatabase } from '../clients/client.ts';
import { parseJsonc } from '../config/jsonc.ts';
import { readBounded } from '../config/read.ts';
import type { Fault } from '../errors.ts';
import { MAX_DATABASE_BYTES, MAX_DATABASE_ROWS } from '../limits.ts';
import { projectsIn } from './project-names.ts';

/** The projects of one database, and why there may be more. */
export interface RecordedRows {
  readonly projects: readonly string[];
  readonly fault: Fault | null;
}

/** Database header: file format write and read version; 2 is WAL (sqlite.org/fileformat2.html, 1.3.3). */
const FORMAT_VERSION_BYTES = [18, 19] as const;
const HEADER_BYTES = 100;
const WAL = 2;
const ROLLBACK = 1;
const QUERIED_TABLE = /\b(?:FROM|JOIN)\s+(\w+)/gi;
/** Databases whose answers are kept. */
const MAX_KEPT = 64;
const EMPTY: RecordedRows = { projects: [], fault: null };

/**
 * Reads clients' SQLite files without touching them: a bounded copy in memory is opened, so no lock is
 * taken and no file is made beside them; what is still in a write-ahead log is not seen. Answers are kept
 * until the file changes.
 */
export class ProjectDatabases {
  readonly #kept = new Map<string, RecordedRows>();

  /** The projects that a database names; an unreadable one is a fault, never an exception. */
  read(path: string, record: ProjectDatabase): RecordedRows {
    const key = identityOf(path, record.query);
    if (key === null) return EMPTY;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const rows = readRows(path, record);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, rows);
    return rows;
  }
}

function readRows(path: string, record: ProjectDatabase): RecordedRows {
  const read = readBounded(path, MAX_DATABASE_BYTES);
  if (read.kind === 'missing') return EMPTY;
  if (read.kind === 'fault') return { projects: [], fault: unreadable(read.fault.message) };
  if (read.bytes.length < HEADER_BYTES) return EMPTY;
  for (const at of FORMAT_VERSION_BYTES) if (read.bytes[at] === WAL) read.bytes[at] = ROLLBACK;
  try {
    return query(read.bytes, record);
  } catch (error) {
    return { projects: [], fault: unreadable(error instanceof Error ? error.message : String(error)) };
  }
}

function query(image: Buffer, record: ProjectDatabase): RecordedRows {
  const Database = loadSqlite();
  const database = new Database(image, { readonly: true });
  try {
    database.pragma('trusted_schema = OFF');
    for (const [, table = ''] of record.query.matchAll(QUERIED_TABLE)) refuseProgrammed(database, table);
    const statement = database.prepare(record.query).pluck();
    if (!statement.readonly) return { projects: [], fault: unreadable('its query would write') };
    const projects: string[] = [];
    let rows = 0;
    for (const value of statement.iterate()) {
      rows += 1;
      if (rows > MAX_DATABASE_ROWS) {
        return { projects, fault: unreadable(`more than ${MAX_DATABASE_ROWS} rows; the rest is not read`) };
      }
      if (typeof value === 'string') projects.push(...namesIn(value, record));
      else if (Buffer.isBuffer(value)) projects.push(...namesIn(value.toString('utf8'), record));
    }
    return { projects, fault: null };
  } finally {
    database.close();
  }
}

/**
 * A query cannot be interrupted, so nothing that it reads may be able to make it endless: a view, a virtual
 * table or a computed column can go on for ever, and pages used twice can make a tree of any size.
 */
function refuseProgrammed(database: Sqlite.Database, table: string): void {
  const schema = database.prepare(
    `SELECT count(*) FROM sqlite_schema WHERE name = ? AND type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
       AND sql NOT LIKE '%GENERATED%' AND sql NOT LIKE '% AS (%' AND sql NOT LIKE '% AS(%'`,
  );
  if (schema.pluck().get(table) !== 1) throw new Error(`it has no plain table ${table}`);
  if (database.pragma(`quick_check(${table})`, { simple: true }) !== 'ok')
    throw new Error('its pages are damaged');
}

function namesIn(text: string, record: ProjectDatabase): readonly string[] {
  if (record.names !== 'json-uris') return projectsIn(text, record.names);
  return projectsIn(parseJsonc(text).root ?? undefined, record.names);
}

/** Only loaded once such a file exists: most scans never pay for it. */
function loadSqlite(): typeof Sqlite {
  return createRequire(import.meta.url)('better-sqlite3');
}

function unreadable(reason: string): Fault {
  return { code: 'INVENTORY_RECORD_UNREADABLE', message: `record of projects: ${reason}`, at: null };
}

function identityOf(path: string, query: string): string | null {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return null;
    return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs, path, query].join(':');
  } catch {
    return path;
  }
}
