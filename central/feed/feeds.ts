import { CentralError } from '../errors.ts';
import { Leadership, type Tenure } from '../leadership/leadership.ts';
import { Lease, SILENT_MS } from '../leadership/lease.ts';
import { FEED_LOOK_MS } from '../limits.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { type DeadLetter, Ledger } from './ledger.ts';
import type { Replayed } from './replay.ts';
import { FeedRunner } from './runner.ts';
import type { FeedSettings } from './settings.ts';
import { buildSink } from './sink/by-type.ts';
import { type FeedStatus, feedStatus } from './status.ts';

export interface FeedsParts {
  readonly settings: readonly FeedSettings[];
  /** Whether this node may run the feeds; others only tell of them. */
  readonly mayLead: boolean;
  /** Name of this node where several share a database. */
  readonly node: string;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Version of central. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

interface Feed {
  readonly settings: FeedSettings;
  readonly ledger: Ledger;
}

/** All feeds of central. Of several nodes over one database one runs them all. */
export class Feeds {
  readonly #parts: FeedsParts;
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #leadership: Leadership | null;
  /** Empty while another node leads. */
  #runners: ReadonlyMap<string, FeedRunner> = new Map();

  constructor(parts: FeedsParts) {
    const { settings, mayLead, node, store, log } = parts;
    this.#parts = parts;
    this.#feeds = new Map(
      settings.map((feed) => [feed.name, { settings: feed, ledger: new Ledger(store.db, feed.name) }]),
    );
    const lease = new Lease({
      ...{ db: store.leases, duty: 'feeds', node, monotonic: () => performance.now() },
      silentMs: store.dialect === 'sqlite' ? 0 : SILENT_MS,
      followsSession: store.dialect === 'postgres',
    });
    const isCandidate = mayLead && settings.length > 0;
    this.#leadership = isCandidate ? new Leadership({ lease, log, lead: (term) => this.#lead(term) }) : null;
  }

  /** Runs the feeds from their cursors on, now where no other node does. A receiver that cannot be reached keeps no feed from it. */
  async start(): Promise<void> {
    await this.#leadership?.start();
  }

  /** Says that there are new alerts. */
  wake(): void {
    for (const runner of this.#runners.values()) runner.wake();
  }

  /** Null on a node that may not run the feeds. */
  get isLeader(): boolean | null {
    return this.#leadership?.isLeader ?? null;
  }

  async status(): Promise<readonly FeedStatus[]> {
    const { store, clock } = this.#parts;
    const newest = await store.newestPosition();
    return await Promise.all(
      [...this.#feeds].map(([name, feed]) =>
        feedStatus({ ...feed, clock }, newest, this.#runners.get(name)?.run ?? null),
      ),
    );
  }

  /** Null where none runs here. */
  get failing(): boolean | null {
    const runners = [...this.#runners.values()];
    return runners.length === 0 ? null : runners.some(({ run }) => run.failing);
  }

  /** The next dead letters of a feed behind a position. @throws {CentralError} CENTRAL_FEED_UNKNOWN */
  async deadLetters(feed: string, after: number, rows: number): Promise<readonly DeadLetter[]> {
    return await this.#feed(feed).ledger.deadLetters(after, rows);
  }

  /**
   * Sends dead letters of a feed again, those of the alerts at these positions, or all (null).
   * @throws {CentralError} CENTRAL_FEED_UNKNOWN, CENTRAL_FEED_LED_ELSEWHERE, and what the receiver's failure throws
   */
  async replay(feed: string, positions: readonly number[] | null): Promise<Replayed> {
    const { name } = this.#feed(feed).settings;
    const runner = this.#runners.get(name);
    if (runner !== undefined) return await runner.replay(positions);
    throw new CentralError('CENTRAL_FEED_LED_ELSEWHERE', 'this node does not run the feeds', {
      hint: 'ask the node that leads: sealwatch_central_leads, or central doctor',
    });
  }

  /** Gives dead letters of a feed up, those at these positions, or all (null). @throws {CentralError} CENTRAL_FEED_UNKNOWN */
  async discard(feed: string, positions: readonly number[] | null): Promise<void> {
    await this.#feed(feed).ledger.forget(positions);
    this.wake();
  }

  /** Stops all, each draining within its bound of time; then another node may lead. */
  async stop(): Promise<void> {
    await this.#leadership?.stop();
  }

  #feed(name: string): Feed {
    const feed = this.#feeds.get(name);
    if (feed !== undefined) return feed;
    throw new CentralError('CENTRAL_FEED_UNKNOWN', `there is no feed ${JSON.stringify(name)}`);
  }

  async #lead(term: number): Promise<Tenure> {
    const starts: { readonly feed: Feed; readonly cursor: number; readonly deadLetters: number }[] = [];
    for (const feed of this.#feeds.values()) {
      const start = feed.settings.start === 'now' ? await this.#parts.store.newestPosition() : 0;
      const cursor = await feed.ledger.take(term, start);
      starts.push({ feed, cursor, deadLetters: await feed.ledger.countDeadLetters() });
    }
    const { log, clock, store } = this.#parts;
    const lookMs = store.dialect === 'sqlite' ? null : FEED_LOOK_MS;
    const runners = starts.map(
      ({ feed, ...start }) =>
        new FeedRunner(
          {
            ...{ ...this.#parts, ...feed, term, lookMs },
            sink: () => buildSink(feed.settings, { log, clock }),
          },
          start,
        ),
    );
    this.#runners = new Map(runners.map((runner) => [runner.name, runner]));
    const end = async (each: (runner: FeedRunner) => Promise<void>) => {
      await Promise.all(runners.map(each));
      this.#runners = new Map();
    };
    return {
      finish: () => end((runner) => runner.stop()),
      abandon: () => end((runner) => runner.abandon()),
    };
  }
}
