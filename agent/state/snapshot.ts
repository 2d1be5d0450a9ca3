import * as z from 'zod';
import { type Control, controlSchema, SERVER_STATES, serverSchema } from '../../wire/index.ts';
import type { KnownServer } from '../enrich/known-server.ts';
import { fullServer } from '../enrich/known-server.ts';
import { type AgentDatabase, Meta } from './database.ts';

/** Keys remembered in memory while the disk is full. */
const MAX_UNKEPT = 10_000;

const snapshotSchema = z.object({
  server: serverSchema,
  /** Salted digests of environment values, by name. */
  env: z.record(z.string(), z.string()),
  state: z.enum(SERVER_STATES),
  /** Whether a valid approval was ever seen for it. */
  approved_before: z.boolean(),
});
/** A server as the agent last saw it; what changed is told against this. */
export type Snapshot = Readonly<z.infer<typeof snapshotSchema>>;

/** The picture that the next inventory will be compared with. */
export function snapshotOf(known: KnownServer, previous: Snapshot | null): Snapshot {
  const env = Object.fromEntries(
    Object.entries(known.discovered.env).map(([name, value]) => [name, value.digest]),
  );
  return {
    server: fullServer(known),
    env,
    state: known.verdict.state,
    approved_before: (previous?.approved_before ?? false) || known.verdict.statement !== null,
  };
}

/** Snapshots and known problems, kept across restarts so that what changed meanwhile is told. */
export class SnapshotStore {
  readonly #all;
  readonly #put;
  readonly #remove;
  readonly #problems;
  readonly #addProblem;
  readonly #clearProblems;
  readonly #controls;
  readonly #addControl;
  readonly #clearControls;
  readonly #report;
  readonly #forgetReports;
  readonly #meta: Meta;
  /** What was told while it could not be kept. */
  readonly #unkept = new Set<string>();

  constructor(database: AgentDatabase) {
    this.#meta = new Meta(database);
    this.#all = database.prepare<[], { body: string }>('SELECT body FROM snapshot');
    this.#put = database.prepare<[string, string]>(
      'INSERT INTO snapshot (server_id, body) VALUES (?, ?) ON CONFLICT (server_id) DO UPDATE SET body = excluded.body',
    );
    this.#remove = database.prepare<[string]>('DELETE FROM snapshot WHERE server_id = ?');
    this.#problems = database.prepare<[], { key: string }>('SELECT key FROM problem');
    this.#addProblem = database.prepare<[string]>('INSERT OR IGNORE INTO problem (key) VALUES (?)');
    this.#clearProblems = database.prepare('DELETE FROM problem');
    this.#controls = database.prepare<[], { key: string; body: string }>('SELECT key, body FROM control');
    this.#addControl = database.prepare<[string, string]>(
      'INSERT OR IGNORE INTO control (key, body) VALUES (?, ?)',
    );
    this.#clearControls = database.prepare('DELETE FROM control');
    this.#report = database.prepare<[string, number]>(
      'INSERT OR IGNORE INTO reported (key, time) VALUES (?, ?)',
    );
    this.#forgetReports = database.prepare<[number]>('DELETE FROM reported WHERE time < ?');
  }

  load(): ReadonlyMap<string, Snapshot> {
    const snapshots = this.#all.all().map((row) => snapshotSchema.parse(JSON.parse(row.body)));
    return new Map(snapshots.map((snapshot) => [snapshot.server.id, snapshot]));
  }

  put(snapshot: Snapshot): void {
    this.#put.run(snapshot.server.id, JSON.stringify(snapshot));
  }

  remove(serverId: string): void {
    this.#remove.run(serverId);
  }

  problems(): ReadonlySet<string> {
    return new Set(this.#problems.all().map((row) => row.key));
  }

  replaceProblems(keys: Iterable<string>): void {
    this.#clearProblems.run();
    for (const key of keys) this.#addProblem.run(key);
  }

  /** The controls of the last look, by key; null where none was ever taken. */
  controls(): ReadonlyMap<string, Control> | null {
    if (this.#meta.get('controls_baselined') === null) return null;
    const rows = this.#controls.all();
    return new Map(rows.map(({ key, body }) => [key, controlSchema.parse(JSON.parse(body))]));
  }

  replaceControls(controls: ReadonlyMap<string, Control>): void {
    this.#clearControls.run();
    for (const [key, control] of controls) this.#addControl.run(key, JSON.stringify(control));
    this.#meta.set('controls_baselined', 'yes');
  }

  /** Whether a first look was ever taken: what it finds is the baseline, not news. */
  baselined(): boolean {
    return this.#meta.get('baselined') !== null;
  }

  setBaselined(): void {
    this.#meta.set('baselined', 'yes');
  }

  /** Kinds of findings that were looked for at the last look. */
  findingKinds(): ReadonlySet<string> {
    const kept = this.#meta.get('finding_kinds');
    return new Set(kept === null ? [] : z.array(z.string()).parse(JSON.parse(kept)));
  }

  setFindingKinds(kinds: ReadonlySet<string>): void {
    this.#meta.set('finding_kinds', JSON.stringify([...kinds]));
  }

  /**
   * True the first time that a key is given, across restarts; forgotten `keepMs` milliseconds later. While the disk is
   * full it is remembered in memory only, and told again after a restart.
   */
  firstTime(key: string, now: number, keepMs: number): boolean {
    if (this.#unkept.has(key)) return false;
    try {
      this.#forgetReports.run(now - keepMs);
      return this.#report.run(key, now).changes > 0;
    } catch {
      if (this.#unkept.size >= MAX_UNKEPT) this.#unkept.clear();
      this.#unkept.add(key);
      return true;
    }
  }
}
