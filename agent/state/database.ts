import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AgentError } from '../errors.ts';
import { migrate, refuseNewer } from './migration.ts';

export type AgentDatabase = Database.Database;

export const DATABASE_FILE = 'agent.db';

/**
 * Opens the agent's database: spool and snapshots in one file, so that an alert about a change and the
 * knowledge of that change are committed together or not at all. Before an older one is brought to the newest version, a copy
 * of it is put beside it. `program` is the version of the agent that opens it, which an older one names when it refuses it.
 * @throws {AgentError}
 */
export function openDatabase(stateDir: string, program: string | null = null): AgentDatabase {
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
  try {
    migrate(database, path, program);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** Opens the database of an agent that may be running, for reading only. @throws {AgentError} */
export function readDatabase(stateDir: string): AgentDatabase {
  const path = join(stateDir, DATABASE_FILE);
  let database: AgentDatabase | undefined;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    refuseNewer(database, path, null);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof AgentError) throw cause;
    throw new AgentError('AGENT_STATE_UNUSABLE', `${path} cannot be read`, {
      cause,
      hint: 'has the agent run here? see --state-dir',
    });
  }
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
