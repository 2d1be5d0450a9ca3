import type { Alert } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import { FEED_CHUNK_BYTES, FEED_CHUNK_ROWS, FEED_DRAIN_MS } from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AlertRecord } from '../store/alerts.ts';
import type { Store } from '../store/store.ts';
import { BackOff } from './back-off.ts';
import { type FeedFilter, feedFilter } from './filter.ts';
import { type Ledger, MAX_DEAD_LETTERS } from './ledger.ts';
import type { FeedRecord } from './record.ts';
import { type Replayed, replay } from './replay.ts';
import type { FeedSettings } from './settings.ts';
import type { Delivery, Sink } from './sink.ts';
import type { FeedRun } from './status.ts';
import { Pause, Turns } from './turns.ts';

/** Milliseconds between two looks at what the receiver confirmed. */
const CONFIRM_INTERVAL_MS = 200;
/** Positions that may be sent and not confirmed before a feed waits for its receiver. */
const MAX_UNCONFIRMED = 65_536;
/** Characters of the last error that are told. */
const MAX_ERROR_CHARACTERS = 500;

export interface FeedParts {
  readonly settings: FeedSettings;
  readonly ledger: Ledger;
  /** Term in which this node runs the feeds; what it writes carries it. */
  readonly term: number;
  /** Milliseconds between two looks for alerts that nobody told of; null: who stores them tells. */
  readonly lookMs: number | null;
  /** Makes a new connection to the receiver, not yet opened. */
  readonly sink: () => Sink;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Version of central. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Where a feed begins. */
export interface FeedStart {
  readonly cursor: number;
  readonly deadLetters: number;
}

/**
 * Carries alerts to one receiver, in the order of commit, at least once: the cursor moves over what the receiver
 * confirmed, what the filter keeps back and what became a dead letter. Each feed runs for itself.
 */
export class FeedRunner {
  readonly #parts: FeedParts;
  readonly #filter: FeedFilter;
  readonly #sink: Sink;
  readonly #turns = new Turns();
  readonly #pause = new Pause();
  readonly #backOff = new BackOff();
  readonly #stop = new AbortController();
  /** Up to here all is done, and the store knows. */
  #cursor: number;
  /** Up to here alerts were read and sent or kept back. */
  #read: number;
  /** The last alert that was sent. */
  #sent: number;
  #deadLetters: number;
  #delivered = 0;
  #lastError: string | null = null;
  #confirmedAt = 0;
  #stopping = false;
  readonly #work: Promise<void>;
  #ended: Promise<void> | null = null;

  constructor(parts: FeedParts, { cursor, deadLetters }: FeedStart) {
    this.#parts = parts;
    this.#filter = feedFilter(parts.settings);
    this.#sink = parts.sink();
    this.#cursor = cursor;
    this.#read = cursor;
    this.#sent = cursor;
    this.#deadLetters = deadLetters;
    this.#work = this.#loop();
  }

  get name(): string {
    return this.#parts.settings.name;
  }

  get run(): FeedRun {
    const lastError = this.#lastError;
    return { failing: lastError !== null, delivered: this.#delivered, lastError };
  }

  /** Says that there is something new. */
  wake(): void {
    this.#pause.wake();
  }

  /** Sends dead letters again, those at these positions or all, over a connection of its own. @throws {CentralError} */
  replay(positions: readonly number[] | null): Promise<Replayed> {
    return this.#turns.take(async () => {
      const { ledger, term, sink, clock } = this.#parts;
      const toRecords = (stored: readonly AlertRecord[]) => stored.map((record) => this.#recordOf(record));
      try {
        const signal = this.#stop.signal;
        return await replay({ ledger, term, sink: sink(), toRecords, clock, signal }, positions);
      } finally {
        this.#deadLetters = await ledger.countDeadLetters();
      }
    });
  }

  /** Sends what is left, within a bound of time, unless the feed is failing; the rest is kept for the next start. */
  async stop(): Promise<void> {
    const deadline = setTimeout(() => this.#stop.abort(), FEED_DRAIN_MS);
    await this.#end();
    clearTimeout(deadline);
  }

  /** Sends no more: another node goes on at the cursor. May come while it stops. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await this.#end();
  }

  #end(): Promise<void> {
    this.#stopping = true;
    this.#pause.end();
    this.#ended ??= this.#work.then(() => this.#sink.close());
    return this.#ended;
  }

  async #loop(): Promise<void> {
    for (;;) {
      try {
        this.#pause.begin();
        while (!this.#stop.signal.aborted && (await this.#turns.take(() => this.#step())));
        const isDone = this.#cursor >= this.#read;
        if (isDone) this.#succeeded();
        if (this.#stopping && (isDone || this.#stop.signal.aborted)) return;
        await this.#pause.untilWoken(isDone ? this.#parts.lookMs : CONFIRM_INTERVAL_MS);
      } catch (error) {
        // A stop that ran out of time is no fault of the receiver.
        if (this.#stop.signal.aborted) return;
        this.#failed(error);
        if (this.#stopping) return;
        await this.#pause.untilEnded(this.#backOff.next());
      }
    }
  }

  /** Sends the next alerts, or learns what was confirmed. Answers whether there may be more to do at once. */
  async #step(): Promise<boolean> {
    const { store, ledger, settings } = this.#parts;
    await this.#checkRoom();
    if (this.#cursor < this.#read) await this.#confirm();
    if (this.#read - this.#cursor >= MAX_UNCONFIRMED) return false;
    const page = await store.pageOfAlerts(
      { after: this.#read },
      { rows: FEED_CHUNK_ROWS, bytes: FEED_CHUNK_BYTES },
    );
    const last = page.at(-1);
    if (last === undefined) return false;
    const groups =
      settings.groups.length === 0 ? null : await ledger.groupsOf(page.map((record) => record.agent.id));
    const records = page
      .map((record) => this.#recordOf(record))
      .filter(({ alert, context }) => this.#filter(alert, groups?.get(context.agent.id) ?? ''));
    const end = records.at(-1);
    if (end === undefined) {
      this.#read = last.position;
      await this.#moveCursor(this.#cursor);
      return true;
    }
    const delivery = await this.#sink.deliver(records, this.#stop.signal);
    await this.#note(records, delivery);
    const isWhole = delivery.sent >= end.position;
    this.#read = isWhole ? last.position : delivery.sent;
    const isMoved = await this.#moveCursor(delivery.confirmed);
    if (isMoved && isWhole) this.#succeeded();
    return true;
  }

  /** Refuses to go on where the feed holds as many dead letters as it may. */
  async #checkRoom(): Promise<void> {
    if (this.#deadLetters < MAX_DEAD_LETTERS) return;
    // Some may have been given up, also over another node.
    this.#deadLetters = await this.#parts.ledger.countDeadLetters();
    if (this.#deadLetters < MAX_DEAD_LETTERS) return;
    throw new CentralError(
      'CENTRAL_FEED_DEAD_LETTERS_FULL',
      `${this.#deadLetters} alerts were refused for good`,
      { hint: 'look at their reasons, mend the feed or the receiver, then replay or discard them' },
    );
  }

  async #note(records: readonly FeedRecord[], { sent, rejected }: Delivery): Promise<void> {
    const { ledger, term, metrics, log, clock } = this.#parts;
    const taken = records.filter((record) => record.position <= sent).length - rejected.length;
    this.#sent = sent;
    this.#delivered += taken;
    metrics.count('sealwatch_central_feed_delivered_total', taken, this.name);
    if (rejected.length === 0) return;
    const before = this.#deadLetters;
    this.#deadLetters = await ledger.bury(term, rejected, new Date(clock()).toISOString());
    const [first] = rejected;
    log.error('alerts became dead letters of a feed', {
      feed: this.name,
      alerts: this.#deadLetters - before,
      first: first?.record.alert.id ?? null,
      reason: first?.reason ?? null,
    });
  }

  async #confirm(): Promise<void> {
    const now = performance.now();
    if (this.#sink.confirm === undefined || now - this.#confirmedAt < CONFIRM_INTERVAL_MS) return;
    this.#confirmedAt = now;
    if (await this.#moveCursor(await this.#sink.confirm(this.#stop.signal))) this.#succeeded();
  }

  /** Moves the cursor to what is confirmed, and over what the filter kept back behind that. Answers whether it moved. */
  async #moveCursor(confirmed: number): Promise<boolean> {
    const reached = Math.max(this.#cursor, confirmed);
    const position = reached >= this.#sent ? this.#read : reached;
    if (position === this.#cursor) return false;
    await this.#parts.ledger.moveCursor(this.#parts.term, position);
    this.#cursor = position;
    return true;
  }

  #recordOf({ position, body, received, agent }: AlertRecord): FeedRecord {
    const alert: Alert = JSON.parse(body);
    const context = { version: this.#parts.version, receivedMs: Date.parse(received), agent };
    return { position, alert, context };
  }

  /** Only once something was confirmed: a receiver that takes messages and hangs up is still failing. */
  #succeeded(): void {
    if (this.#lastError !== null) this.#parts.log.info('the feed works again', { feed: this.name });
    this.#lastError = null;
    this.#backOff.reset();
  }

  #failed(error: unknown): void {
    const { metrics, log } = this.#parts;
    const wasFailing = this.#lastError !== null;
    metrics.count('sealwatch_central_feed_failures_total', 1, this.name);
    this.#lastError = describeError(error).slice(0, MAX_ERROR_CHARACTERS);
    this.#sink.reset();
    this.#read = this.#cursor;
    this.#sent = this.#cursor;
    if (wasFailing) return;
    log.error('the feed fails; it is tried again, alerts are kept', {
      feed: this.name,
      error: this.#lastError,
    });
  }
}
