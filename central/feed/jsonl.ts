import type { Alert } from '../../wire/index.ts';
import {
  FEED_CHUNK_BYTES,
  FEED_CHUNK_ROWS,
  FEED_DRAIN_MS,
  FEED_RETRY_MAX_MS,
  FEED_RETRY_MIN_MS,
  FEED_TAIL_BYTES,
} from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AlertRecord } from '../store/alerts.ts';
import type { Store } from '../store/store.ts';
import { appendSynced, tailLines, withLineFile } from './line-file.ts';
import { toDetectionFinding } from './ocsf.ts';

export interface FeedParts {
  /** Absolute path; also the feed's name in the store, so each file has its own cursor. */
  readonly path: string;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly version: string;
}

export interface FeedStatus {
  readonly failing: boolean;
  /** Position of the newest alert that is written. */
  readonly position: number;
}

/** No string within JSON holds a bare quote and no event field is an object, so this finds only the key. */
const UID = /"finding_info":\{"uid":("(?:[^"\\]|\\.)*")/;

/** Uid of a finding that this feed wrote; the end of a large file is searched without parsing it. */
function uidOf(line: string): string | null {
  const quoted = UID.exec(line)?.[1];
  return quoted === undefined ? null : JSON.parse(quoted);
}

/**
 * Appends alerts to a file as OCSF findings, one JSON object a line. At least once: the file is synced
 * before the cursor moves. What was appended but not yet covered by the cursor when central died is
 * found at the end of the file and not written again.
 */
export class JsonlFeed {
  readonly #parts: FeedParts;
  readonly #name: string;
  #position = 0;
  /** Uids at the end of the file that the cursor may not cover; null: the file must be read first. */
  #written: Set<string> | null = null;
  #failing = false;
  #stopping = false;
  #outOfTime = false;
  #wake: () => void = () => undefined;
  #woken = false;
  readonly #run: Promise<void>;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#name = `jsonl:${parts.path}`;
    this.#run = this.#loop();
  }

  /** Under which its cursor is kept. */
  get name(): string {
    return this.#name;
  }

  get status(): FeedStatus {
    return { failing: this.#failing, position: this.#position };
  }

  /** Says that there is something new. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Writes what is left, within a bound of time, unless the feed is failing; the rest is kept for the next start. */
  async stop(): Promise<void> {
    const deadline = setTimeout(() => {
      this.#outOfTime = true;
    }, FEED_DRAIN_MS);
    this.#stopping = true;
    this.wake();
    await this.#run;
    clearTimeout(deadline);
  }

  async #loop(): Promise<void> {
    let delay = FEED_RETRY_MIN_MS;
    for (;;) {
      try {
        this.#woken = false;
        while (!this.#outOfTime && (await this.#writeChunk()));
        this.#succeeded();
        delay = FEED_RETRY_MIN_MS;
        if (this.#stopping) return;
        await this.#sleep(null);
      } catch (error) {
        this.#failed(error);
        if (this.#stopping) return;
        await this.#sleep(delay);
        delay = Math.min(delay * 2, FEED_RETRY_MAX_MS);
      }
    }
  }

  /** Appends the next alerts. Answers whether there were any. */
  async #writeChunk(): Promise<boolean> {
    const { store, path, metrics } = this.#parts;
    if (this.#written === null) await this.#recover();
    const page = await store.pageOfAlerts(
      { after: this.#position },
      { rows: FEED_CHUNK_ROWS, bytes: FEED_CHUNK_BYTES },
    );
    const last = page.at(-1);
    if (last === undefined) return false;
    const lines = page.map((record) => this.#lineOf(record)).filter((line) => line !== null);
    if (lines.length > 0) {
      await withLineFile(path, async (file, repaired) => {
        this.#noteRepair(repaired);
        await appendSynced(file, `${lines.join('\n')}\n`);
      });
    }
    metrics.count('sealwatch_central_feed_written_total', lines.length);
    await store.saveFeedPosition(this.#name, last.position);
    this.#position = last.position;
    return true;
  }

  async #recover(): Promise<void> {
    this.#position = await this.#parts.store.feedPosition(this.#name);
    const lines = await withLineFile(this.#parts.path, async (file, repaired) => {
      this.#noteRepair(repaired);
      return await tailLines(file, FEED_TAIL_BYTES);
    });
    this.#written = new Set(lines.map(uidOf).filter((uid) => uid !== null));
  }

  /** The finding of an alert; null where it is in the file already or cannot be made. */
  #lineOf(record: AlertRecord): string | null {
    const { version, log, metrics } = this.#parts;
    const alert: Alert = JSON.parse(record.body);
    if (this.#written?.has(alert.id)) return null;
    // The file is in the order of positions: behind the first alert that is missing, all are.
    this.#written?.clear();
    try {
      const context = { version, receivedMs: Date.parse(record.received), agent: record.agent };
      return JSON.stringify(toDetectionFinding(alert, context));
    } catch (error) {
      metrics.count('sealwatch_central_feed_unmappable_total');
      log.error('no finding could be made of an alert', { alert: alert.id, error: describeError(error) });
      return null;
    }
  }

  #noteRepair(bytes: number): void {
    if (bytes > 0) this.#parts.log.warn('a torn last line of the feed was cut off', { bytes });
  }

  #succeeded(): void {
    if (this.#failing) this.#parts.log.info('the feed works again', { path: this.#parts.path });
    this.#failing = false;
  }

  #failed(error: unknown): void {
    this.#parts.metrics.count('sealwatch_central_feed_failures_total');
    this.#written = null;
    if (this.#failing) return;
    this.#failing = true;
    this.#parts.log.error('the feed cannot be written; it is tried again, alerts are kept', {
      path: this.#parts.path,
      error: describeError(error),
    });
  }

  /** Until there is something new (null), or for so many milliseconds; a stop ends both. */
  async #sleep(milliseconds: number | null): Promise<void> {
    if (this.#stopping || (milliseconds === null && this.#woken)) return;
    await new Promise<void>((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        if (milliseconds !== null && !this.#stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}
