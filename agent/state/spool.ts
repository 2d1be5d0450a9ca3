import { type Alert, alertSchema, limits, SEVERITIES } from '../../wire/index.ts';
import type { AgentDatabase, Meta } from './database.ts';

/** Bytes of alerts that wait for central before the least important are given up. */
export const DEFAULT_SPOOL_BYTES = 64 * 1024 * 1024;
/** Acknowledged alerts kept for `alerts list`. */
const KEPT_ACKNOWLEDGED = 1_000;
/** Share of the cap that an eviction leaves, so that the alert about it does not cause the next one. */
const KEPT_AT_CAP = 7 / 8;
const ACKED = 'acked_seq';

/** An alert before the spool has given it its place. */
export type Draft = Omit<Alert, 'id' | 'seq'>;

/**
 * The durable queue to central. Sequence numbers rise and are never used twice; an alert leaves only after
 * central has acknowledged it or, at the cap, when it is the oldest of the lowest level.
 */
export class Spool {
  readonly #database: AgentDatabase;
  readonly #meta: Meta;
  #agentId: string;
  readonly #capBytes: number;
  readonly #statements;
  #waitingBytes: number;

  constructor(database: AgentDatabase, meta: Meta, capBytes = DEFAULT_SPOOL_BYTES) {
    this.#database = database;
    this.#meta = meta;
    this.#agentId = meta.agentId();
    this.#capBytes = capBytes;
    this.#statements = prepare(database);
    this.#waitingBytes = 0;
    this.recount();
  }

  /** Highest seq that central has committed. */
  get acked(): number {
    return Number(this.#meta.get(ACKED) ?? 0);
  }

  /** Highest seq given so far. */
  get last(): number {
    return this.#statements.last.get()?.seq ?? 0;
  }

  /** Alerts not acknowledged yet. */
  get waiting(): number {
    return this.#statements.count.get(this.acked)?.n ?? 0;
  }

  /** Counts anew what waits, after a transaction that was rolled back. */
  recount(): void {
    this.#waitingBytes = this.#statements.waiting.get(this.acked)?.bytes ?? 0;
  }

  /** Appends within the caller's transaction. */
  append(draft: Draft): Alert {
    const seq = this.last + 1;
    const alert: Alert = { id: `${this.#agentId}-${seq}`, seq, ...draft };
    const body = JSON.stringify(alert);
    this.#statements.insert.run(seq, SEVERITIES.indexOf(draft.rule.level), body.length, body);
    this.#waitingBytes += body.length;
    return alert;
  }

  /** Over the cap: gives up the oldest alerts of the lowest level until there is room again; says how many. Within a transaction. */
  evict(): number {
    if (this.#waitingBytes <= this.#capBytes) return 0;
    let evicted = 0;
    while (this.#waitingBytes > this.#capBytes * KEPT_AT_CAP) {
      const victim = this.#statements.lowest.get(this.acked);
      if (victim === undefined) break;
      this.#statements.remove.run(victim.seq);
      this.#waitingBytes -= victim.bytes;
      evicted += 1;
    }
    return evicted;
  }

  /** The next alerts after `seq`, in order, within one batch's limits. */
  after(seq: number): readonly Alert[] {
    const batch: Alert[] = [];
    let bytes = 0;
    for (const row of this.#statements.after.iterate(seq, limits.MAX_BATCH_ALERTS)) {
      bytes += row.bytes;
      if (batch.length > 0 && bytes > limits.TARGET_BATCH_BYTES) break;
      batch.push(alertSchema.parse(JSON.parse(row.body)));
    }
    return batch;
  }

  /** Notes that central has everything up to `seq`. */
  acknowledge(seq: number): void {
    if (seq <= this.acked) return;
    this.#database.transaction(() => {
      this.#meta.set(ACKED, String(seq));
      this.#statements.trim.run(Math.max(0, seq - KEPT_ACKNOWLEDGED));
    })();
    this.#waitingBytes = this.#statements.waiting.get(seq)?.bytes ?? 0;
  }

  /**
   * Central knows more of us than we do: this state directory is older than what was sent (a restored
   * backup). Numbers start again above, so that nothing new is taken for something old; what waits gets new
   * numbers, since its old ones may stand for other alerts there.
   */
  skipTo(seq: number): void {
    this.#database.transaction(() => this.#renumber(this.acked, seq))();
  }

  /**
   * Takes a new identity: another machine works under the old one. What waits gets ids of the new one, numbered from 1; what
   * was acknowledged under the old one is forgotten.
   */
  takeNewId(): void {
    this.#database.transaction(() => {
      const { acked } = this;
      this.#agentId = this.#meta.renewAgentId();
      this.#statements.trim.run(acked);
      this.#renumber(acked, 0);
    })();
  }

  /** Numbers what lies above `acked` anew, above `seq`. */
  #renumber(acked: number, seq: number): void {
    const waiting = this.#statements.bodies.all(acked);
    this.#statements.drop.run(acked);
    this.#statements.skip.run(seq);
    this.#meta.set(ACKED, String(seq));
    this.#waitingBytes = 0;
    for (const { body } of waiting) {
      const { id: _id, seq: _seq, ...draft } = alertSchema.parse(JSON.parse(body));
      this.append(draft);
    }
  }
}

function prepare(database: AgentDatabase) {
  type Seq = { seq: number };
  database
    .prepare(
      "INSERT INTO sqlite_sequence (name, seq) SELECT 'spool', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'spool')",
    )
    .run();
  return {
    insert: database.prepare<[number, number, number, string]>(
      'INSERT INTO spool (seq, level, bytes, body) VALUES (?, ?, ?, ?)',
    ),
    last: database.prepare<[], Seq>("SELECT seq FROM sqlite_sequence WHERE name = 'spool'"),
    skip: database.prepare<[number]>("UPDATE sqlite_sequence SET seq = ? WHERE name = 'spool'"),
    count: database.prepare<[number], { n: number }>('SELECT count(*) AS n FROM spool WHERE seq > ?'),
    waiting: database.prepare<[number], { bytes: number | null }>(
      'SELECT sum(bytes) AS bytes FROM spool WHERE seq > ?',
    ),
    lowest: database.prepare<[number], Seq & { bytes: number }>(
      'SELECT seq, bytes FROM spool WHERE seq > ? ORDER BY level, seq LIMIT 1',
    ),
    bodies: database.prepare<[number], { body: string }>('SELECT body FROM spool WHERE seq > ? ORDER BY seq'),
    drop: database.prepare<[number]>('DELETE FROM spool WHERE seq > ?'),
    remove: database.prepare<[number]>('DELETE FROM spool WHERE seq = ?'),
    trim: database.prepare<[number]>('DELETE FROM spool WHERE seq <= ?'),
    after: database.prepare<[number, number], { bytes: number; body: string }>(
      'SELECT bytes, body FROM spool WHERE seq > ? ORDER BY seq LIMIT ?',
    ),
  };
}

/** Alerts that the spool still holds, oldest first, after `seq`; for reading beside a running agent. */
export function readAlerts(database: AgentDatabase, seq: number, limit: number): readonly Alert[] {
  const rows = database
    .prepare<[number, number], { body: string }>('SELECT body FROM spool WHERE seq > ? ORDER BY seq LIMIT ?')
    .all(seq, limit);
  return rows.map((row) => alertSchema.parse(JSON.parse(row.body)));
}
