import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { counterOf } from './alerts.ts';
import { lockTransaction } from './postgres/advisory-locks.ts';
import type { CounterName, Schema } from './schema.ts';
import type { RetentionSettings } from './settings.ts';
import type { Store } from './store.ts';

/** Alerts that one transaction takes away: few, since whoever wants to write waits meanwhile. */
const CHUNK_ROWS = 500;
/** Milliseconds between two chunks, and between two looks whether there is something to take away. */
const PAUSE_MS = 20;
const LOOK_MS = 60_000;
/** Milliseconds by which the clock may run ahead of the time that has really gone by. */
const CLOCK_SLACK_MS = 3_600_000;
const MILLISECONDS_A_DAY = 86_400_000;
/** Name of the fact that says what was deleted before a feed had it. */
export const UNFED_FACT = 'retention.unfed';

export interface RetentionParts {
  readonly store: Store;
  readonly settings: RetentionSettings;
  /** Names of the feeds that are configured: what one of them has not taken is kept. */
  readonly feeds: () => readonly string[];
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What one chunk took away. */
interface Deleted {
  readonly alerts: number;
  /** Of them, those that a feed had not taken. */
  readonly unfed: number;
}

const NOTHING: Deleted = { alerts: 0, unfed: 0 };

interface OldAlert {
  readonly position: number;
  readonly received: string;
  readonly bytes: number;
}

/** Bounds as they stand for one chunk. */
interface Bounds {
  /** Alerts received before it are too old; null: none is. */
  readonly cutoff: string | null;
  /** Bytes that are kept above what is wanted, and above what is allowed at all. */
  readonly excess: number;
  readonly hardExcess: number;
  /** Position up to which all feeds are written. */
  readonly fed: number;
}

/**
 * How many of the oldest alerts go, in the order of positions. An alert that was stored before one that is too old is
 * too old as well, whatever a clock that was wrong has noted.
 */
function doomed(oldest: readonly OldAlert[], { cutoff, excess, hardExcess, fed }: Bounds): number {
  const isFed = ({ position }: OldAlert) => position <= fed;
  const lastOld =
    cutoff === null ? -1 : oldest.findLastIndex((alert) => isFed(alert) && alert.received < cutoff);
  let bytes = 0;
  let count = 0;
  for (const [index, alert] of oldest.entries()) {
    const isTooMuch = bytes < (isFed(alert) ? excess : hardExcess);
    if (index > lastOld && !isTooMuch) break;
    bytes += alert.bytes;
    count = index + 1;
  }
  return count;
}

/** Keeps the database within its bounds of age and size, oldest alerts first. The audit log is never touched. */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #startedAt: number;
  readonly #startedTicks = performance.now();
  readonly #stopped = new AbortController();
  #isFailing = false;
  #run: Promise<void> = Promise.resolve();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock();
  }

  /** Looks now, and from now on every minute. */
  start(): void {
    this.#run = this.#loop();
  }

  /** Ends after the chunk that is being taken away. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#run;
  }

  /** Takes away what is over the bounds now. Answers how many alerts. */
  async enforce(): Promise<number> {
    let alerts = 0;
    while (!this.#stopped.signal.aborted) {
      const deleted = await this.#deleteChunk();
      if (deleted.alerts === 0) break;
      alerts += deleted.alerts;
      this.#count(deleted);
      await this.#rest(PAUSE_MS);
    }
    return alerts;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.enforce();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) {
          this.#parts.log.error('old alerts cannot be deleted', { error: describeError(error) });
        }
        this.#isFailing = true;
      }
      await this.#rest(LOOK_MS);
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    const options = { signal: this.#stopped.signal, ref: false };
    await sleep(milliseconds, undefined, options).catch(() => undefined);
  }

  async #deleteChunk(): Promise<Deleted> {
    const { store } = this.#parts;
    const deleted = await store.db.transaction().execute(async (transaction) => {
      if (store.dialect === 'postgres') await lockTransaction(transaction, 'retain');
      const oldest = await transaction
        .selectFrom('alerts')
        .select(['position', 'received', sql<number>`octet_length(body)`.as('bytes')])
        .orderBy('position')
        .limit(CHUNK_ROWS)
        .execute();
      const bounds = await this.#bounds(transaction);
      const gone = oldest.slice(0, doomed(oldest, bounds));
      if (gone.length === 0) return NOTHING;
      await this.#deleteAlerts(transaction, gone);
      const unfed = gone.filter(({ position }) => position > bounds.fed).length;
      if (unfed > 0) await this.#noteUnfed(transaction, unfed);
      return { alerts: gone.length, unfed };
    });
    if (deleted.alerts > 0) await store.giveBackSpace();
    return deleted;
  }

  async #bounds(transaction: Transaction<Schema>): Promise<Bounds> {
    const { keep_days, keep_bytes, hard_bytes } = this.#parts.settings;
    const bytes = await counterOf(transaction, 'alert_bytes');
    return {
      cutoff:
        keep_days === null
          ? null
          : new Date(Math.max(0, this.#now() - keep_days * MILLISECONDS_A_DAY)).toISOString(),
      excess: keep_bytes === null ? 0 : bytes - keep_bytes,
      hardExcess: hard_bytes === null ? 0 : bytes - hard_bytes,
      fed: await this.#fedPosition(transaction),
    };
  }

  /** The time, but never further from the start than time has gone by: a clock set ahead must not delete the history. */
  #now(): number {
    const elapsed = performance.now() - this.#startedTicks;
    return Math.min(this.#parts.clock(), this.#startedAt + elapsed + CLOCK_SLACK_MS);
  }

  async #fedPosition(transaction: Transaction<Schema>): Promise<number> {
    const names = this.#parts.feeds();
    if (names.length === 0) return Number.MAX_SAFE_INTEGER;
    const rows = await transaction
      .selectFrom('feeds')
      .select(['name', 'position'])
      .where('name', 'in', names)
      .execute();
    const byName = new Map(rows.map(({ name, position }) => [name, position]));
    return Math.min(...names.map((name) => byName.get(name) ?? 0));
  }

  async #deleteAlerts(transaction: Transaction<Schema>, gone: readonly OldAlert[]): Promise<void> {
    const end = gone.at(-1)?.position ?? 0;
    const ids = transaction.selectFrom('alerts').select('id').where('position', '<=', end);
    await transaction.deleteFrom('triage').where('alert', 'in', ids).execute();
    await transaction.deleteFrom('notes').where('alert', 'in', ids).execute();
    await transaction.deleteFrom('dead_letters').where('position', '<=', end).execute();
    const words = this.#parts.store.dialect === 'sqlite' ? 'rowid' : 'position';
    await transaction.deleteFrom('alert_words').where(words, '<=', end).execute();
    await transaction.deleteFrom('alerts').where('position', '<=', end).execute();
    // In the order in which appends change them: another would deadlock in PostgreSQL.
    await change(transaction, 'alert_bytes', sql`value - ${gone.reduce((sum, { bytes }) => sum + bytes, 0)}`);
    await change(transaction, 'alert_rows', sql`value - ${gone.length}`);
    await change(transaction, 'deleted_position', sql`${end}`);
  }

  /** Leaves a fact that shows the loss for as long as the database lives. */
  async #noteUnfed(transaction: Transaction<Schema>, unfed: number): Promise<void> {
    await change(transaction, 'deleted_unfed', sql`value + ${unfed}`);
    const alerts = await counterOf(transaction, 'deleted_unfed');
    const value = JSON.stringify({ alerts, last: new Date(this.#parts.clock()).toISOString() });
    await transaction
      .insertInto('facts')
      .values({ name: UNFED_FACT, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  #count({ alerts, unfed }: Deleted): void {
    const { metrics, log } = this.#parts;
    metrics.count('sealwatch_central_alerts_deleted_total', alerts);
    if (unfed === 0) return;
    metrics.count('sealwatch_central_alerts_deleted_unfed_total', unfed);
    log.error('alerts were deleted before every feed had them: hard_bytes is reached', { count: unfed });
  }
}

async function change(
  transaction: Transaction<Schema>,
  name: CounterName,
  value: ReturnType<typeof sql<number>>,
): Promise<void> {
  await transaction.updateTable('counters').set({ value }).where('name', '=', name).execute();
}
