import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { AgentError } from '../errors.ts';

type AgentDatabase = Database.Database;

/** One step a version, in order; a step is never edited once released. */
const MIGRATIONS = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE spool (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     level INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX spool_by_level ON spool (level, seq);
   CREATE TABLE snapshot (server_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE problem (key TEXT PRIMARY KEY) STRICT;
   CREATE TABLE reported (key TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT;`,
  'CREATE TABLE control (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;',
  'CREATE TABLE sealed_copy (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;',
  'CREATE TABLE writer (path TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;',
  'CREATE TABLE marked (tag TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;',
  `CREATE TABLE journal (
     path TEXT PRIMARY KEY,
     identity TEXT NOT NULL,
     offset INTEGER NOT NULL,
     refused TEXT
   ) STRICT;`,
] as const;

/** Row of `meta` with the version of the program that opened the database last. */
const WRITTEN_BY = 'written_by';

function versionOf(database: AgentDatabase): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** Copies that were taken of a database before it was migrated: the version of each, newest first. */
function copiesOf(path: string): readonly number[] {
  const start = `${basename(path)}.version-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)))
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
}

function copyPath(path: string, version: number): string {
  return `${path}.version-${version}`;
}

function writtenBy(database: AgentDatabase): string {
  try {
    const row = database
      .prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?')
      .get(WRITTEN_BY);
    return row === undefined ? 'a newer Sealwatch' : `Sealwatch ${row.value}`;
  } catch {
    return 'a newer Sealwatch';
  }
}

/** Refuses what a newer program wrote, and says how to go on. @throws {AgentError} AGENT_STATE_TOO_NEW */
export function refuseNewer(database: AgentDatabase, path: string, program: string | null): void {
  const version = versionOf(database);
  if (version <= MIGRATIONS.length) return;
  const author = writtenBy(database);
  const self = program === null ? 'this program' : `this Sealwatch ${program}`;
  const copy = copiesOf(path).find((kept) => kept <= MIGRATIONS.length);
  const back =
    copy === undefined
      ? ''
      : `; or stop the agent, remove ${path}, ${path}-wal and ${path}-shm, and rename ${copyPath(path, copy)} to ${path}: what was noted since is gone`;
  throw new AgentError(
    'AGENT_STATE_TOO_NEW',
    `${path} has version ${version} of ${author}, ${self} knows ${MIGRATIONS.length}`,
    { hint: `install ${author} again${back}` },
  );
}

/**
 * Copies a database as it is, beside itself, so that the program that wrote it can be put back. Of copies the newest one is kept.
 * @throws {AgentError} AGENT_STATE_UNUSABLE where there is no room: nothing is migrated then
 */
function keepCopy(database: AgentDatabase, path: string): void {
  const temporary = `${path}.${process.pid}.copy`;
  try {
    rmSync(temporary, { force: true });
    database.prepare('VACUUM INTO ?').run(temporary);
    chmodSync(temporary, 0o600);
    const copy = new Database(temporary, { readonly: true });
    const version = versionOf(copy);
    copy.close();
    // Somebody else has migrated it meanwhile, and kept a copy.
    if (version === MIGRATIONS.length) return;
    renameSync(temporary, copyPath(path, version));
    for (const older of copiesOf(path)) {
      if (older !== version) rmSync(join(dirname(path), basename(copyPath(path, older))), { force: true });
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError(
      'AGENT_STATE_UNUSABLE',
      `${path} cannot be copied before it is migrated: ${reason}`,
      {
        cause,
        hint: 'make room on its file system for a second one of its size',
      },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Brings a database to the newest version, one step in one transaction after the other; of two programs that do it at once, one
 * waits. @throws {AgentError} AGENT_STATE_TOO_NEW, AGENT_STATE_UNUSABLE
 */
export function migrate(database: AgentDatabase, path: string, program: string | null): void {
  refuseNewer(database, path, program);
  const version = versionOf(database);
  if (version > 0 && version < MIGRATIONS.length) keepCopy(database, path);
  const climb = database.transaction(() => {
    const at = versionOf(database);
    const step = MIGRATIONS[at];
    if (step === undefined) return false;
    database.exec(step);
    database.pragma(`user_version = ${at + 1}`);
    return true;
  });
  while (versionOf(database) < MIGRATIONS.length) climb.immediate();
  if (program === null) return;
  database
    .prepare(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value',
    )
    .run(WRITTEN_BY, program);
}
