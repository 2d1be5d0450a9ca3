import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AgentError } from '../errors.ts';

export type AgentDatabase = Database.Database;

export const DATABASE_FILE = 'agent.db';

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

/**
 * Opens the agent's database: spool and snapshots in one file, so that an alert about a change and the
 * knowledge of that change are committed together or not at all.
 * @throws {AgentError}
 */
export function openDatabase(stateDir: string): AgentDatabase {
  const path = join(stateDir, DATABASE_FILE);
  let database: AgentDatabase;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    database = new Database(path);
    chmodSync(path, 0o600);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('AGENT_STATE_UNUSABLE', `${path} cannot be opened: ${reason}`, {
      cause,
      hint: 'give a state directory of your own with --state-dir',
    });
  }
  migrate(database, path);
  return database;
}

/** Opens the database of an agent that may be running, for reading only. @throws {AgentError} */
export function readDatabase(stateDir: string): AgentDatabase {
  const path = join(stateDir, DATABASE_FILE);
  try {
    return new Database(path, { readonly: true, fileMustExist: true });
  } catch (cause) {
    throw new AgentError('AGENT_STATE_UNUSABLE', `${path} cannot be read`, {
      cause,
      hint: 'has the agent run here? see --state-dir',
    });
  }
}

function migrate(database: AgentDatabase, path: string): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > MIGRATIONS.length) {
    throw new AgentError('AGENT_STATE_TOO_NEW', `${path} was written by a newer version (${version})`);
  }
  MIGRATIONS.slice(version).forEach((step, index) => {
    database.transaction(() => {
      database.exec(step);
      database.pragma(`user_version = ${version + index + 1}`);
    })();
  });
}

const AGENT_ID = 'agent_id';
const GENERATION = 'generation';

function newAgentId(): string {
  return randomBytes(8).toString('hex');
}

/** Values that are made once and kept. */
export class Meta {
  readonly #get;
  readonly #set;

  constructor(database: AgentDatabase) {
    this.#get = database.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?');
    this.#set = database.prepare<[string, string]>(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
  }

  get(key: string): string | null {
    return this.#get.get(key)?.value ?? null;
  }

  set(key: string, value: string): void {
    this.#set.run(key, value);
  }

  /** Identity of this agent at central: 16 hex digits. */
  agentId(): string {
    return this.#once(AGENT_ID, newAgentId);
  }

  /** Gives this agent another identity, within the caller's transaction. What central said to the old one is forgotten. */
  renewAgentId(): string {
    const id = newAgentId();
    this.set(AGENT_ID, id);
    this.set(GENERATION, '');
    return id;
  }

  /** What the last welcome of central gave; null before the first. */
  generation(): string | null {
    return this.get(GENERATION) || null;
  }

  keepGeneration(generation: string): void {
    this.set(GENERATION, generation);
  }

  /** Key of the digests of environment values; never leaves the host. */
  salt(): string {
    return this.#once('salt', () => randomBytes(32).toString('hex'));
  }

  #once(key: string, make: () => string): string {
    const known = this.get(key);
    if (known !== null) return known;
    const value = make();
    this.set(key, value);
    return value;
  }
}
