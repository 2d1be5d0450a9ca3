import { setTimeout as sleep } from 'node:timers/promises';
import { type CentralLog, describeError } from '../../log.ts';

/** Alerts that are added at once: few, since whoever wants to write waits meanwhile. */
const CHUNK_ROWS = 200;
/** How much longer than its work the indexer rests, so that most of the time is left for what comes in. */
const REST_SHARE = 2;
/** Milliseconds until the next attempt after a failure, and between looks without a wake. */
const RETRY_MS = 5_000;

interface IndexerParts {
  /** Adds the next alerts. Answers how many. */
  readonly index: (rows: number) => Promise<number>;
  readonly log: CentralLog;
}

/** Brings the words of alerts into the index of searches, behind what comes in and never in front of it. */
export class Indexer {
  readonly #parts: IndexerParts;
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #isWoken = true;
  #isFailing = false;
  readonly #run: Promise<void>;

  constructor(parts: IndexerParts) {
    this.#parts = parts;
    this.#run = this.#loop();
  }

  /** Says that there are new alerts. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Ends after the chunk that is being added; the rest follows at the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#run;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#step();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) {
          this.#parts.log.warn('the search index falls behind', { error: describeError(error) });
        }
        this.#isFailing = true;
        await this.#rest(RETRY_MS);
      }
    }
  }

  async #step(): Promise<void> {
    this.#isWoken = false;
    const begun = performance.now();
    const added = await this.#parts.index(CHUNK_ROWS);
    if (added === CHUNK_ROWS) await this.#rest(REST_SHARE * (performance.now() - begun));
    else await this.#untilWoken();
  }

  async #rest(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  async #untilWoken(): Promise<void> {
    if (this.#isWoken || this.#stopped.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
