import { CentralError } from '../errors.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { type DeadLetter, Ledger } from './ledger.ts';
import type { Replayed } from './replay.ts';
import { FeedRunner, type FeedStatus } from './runner.ts';
import type { FeedSettings } from './settings.ts';
import { buildSink } from './sink/by-type.ts';

export interface FeedsParts {
  readonly settings: readonly FeedSettings[];
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Version of central. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** All feeds of this central. */
export class Feeds {
  readonly #runners: ReadonlyMap<string, FeedRunner>;
  readonly #store: Store;

  constructor(store: Store, runners: readonly FeedRunner[]) {
    this.#store = store;
    this.#runners = new Map(runners.map((runner) => [runner.name, runner]));
  }

  /** Says that there are new alerts. */
  wake(): void {
    for (const runner of this.#runners.values()) runner.wake();
  }

  async status(): Promise<readonly FeedStatus[]> {
    const newest = await this.#store.newestPosition();
    return await Promise.all([...this.#runners.values()].map((runner) => runner.status(newest)));
  }

  /** Null without feeds. */
  get failing(): boolean | null {
    const runners = [...this.#runners.values()];
    return runners.length === 0 ? null : runners.some((runner) => runner.failing);
  }

  /** Up to here every feed is done, so that retention may remove alerts; null without feeds. */
  slowestPosition(): number | null {
    const positions = [...this.#runners.values()].map((runner) => runner.position);
    return positions.length === 0 ? null : Math.min(...positions);
  }

  /** The next dead letters of a feed behind a position. @throws {CentralError} CENTRAL_FEED_UNKNOWN */
  deadLetters(feed: string, after: number, rows: number): Promise<readonly DeadLetter[]> {
    return this.#runner(feed).deadLetters(after, rows);
  }

  /**
   * Sends dead letters of a feed again, those of the alerts at these positions, or all (null).
   * @throws {CentralError} CENTRAL_FEED_UNKNOWN, and what the receiver's failure throws
   */
  replay(feed: string, positions: readonly number[] | null): Promise<Replayed> {
    return this.#runner(feed).replay(positions);
  }

  /** Gives dead letters of a feed up, those at these positions, or all (null). @throws {CentralError} CENTRAL_FEED_UNKNOWN */
  discard(feed: string, positions: readonly number[] | null): Promise<void> {
    return this.#runner(feed).discard(positions);
  }

  #runner(feed: string): FeedRunner {
    const runner = this.#runners.get(feed);
    if (runner !== undefined) return runner;
    throw new CentralError('CENTRAL_FEED_UNKNOWN', `there is no feed ${JSON.stringify(feed)}`);
  }

  /** Stops all, each draining within its bound of time. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }
}

async function openFeed(settings: FeedSettings, parts: FeedsParts): Promise<FeedRunner> {
  const { store, log, clock } = parts;
  const ledger = new Ledger(store.db, settings.name);
  let cursor = await ledger.cursor();
  if (cursor === null) {
    cursor = settings.start === 'now' ? await store.newestPosition() : 0;
    await ledger.moveCursor(cursor);
  }
  const start = { cursor, deadLetters: await ledger.countDeadLetters() };
  return new FeedRunner(
    { ...parts, settings, ledger, sink: () => buildSink(settings, { log, clock }) },
    start,
  );
}

/** Opens the feeds at their cursors. A receiver that cannot be reached keeps no feed from opening. */
export async function openFeeds(parts: FeedsParts): Promise<Feeds> {
  const runners: FeedRunner[] = [];
  for (const settings of parts.settings) runners.push(await openFeed(settings, parts));
  return new Feeds(parts.store, runners);
}
