import { setTimeout as sleep } from 'node:timers/promises';
import { CentralError } from '../errors.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';

/** Notes that may wait for the database, and their bytes. */
const MAX_NOTES = 200_000;
const MAX_BYTES = 256 * 1024 * 1024;
/** Milliseconds between attempts: doubled from the first to the second. */
const REWRITE_MIN_MS = 250;
const REWRITE_MAX_MS = 5_000;

interface Note {
  readonly bytes: number;
  readonly write: () => Promise<void>;
}

/**
 * Notes that the database could not take, one for each key: a newer one replaces the older. They are written once it
 * is back. A node that dies loses them: its agents connect to another node, and say all of it again.
 */
export class LastWords {
  readonly #metrics: Metrics;
  readonly #log: CentralLog;
  readonly #notes = new Map<string, Note>();
  readonly #stopping = new AbortController();
  #bytes = 0;
  #work: Promise<void> | null = null;

  constructor(parts: { readonly metrics: Metrics; readonly log: CentralLog }) {
    this.#metrics = parts.metrics;
    this.#log = parts.log;
  }

  /** Keeps a note until it is written. Beyond the limits the oldest are given up, and counted. */
  put(key: string, bytes: number, write: () => Promise<void>): void {
    this.#bytes += bytes - (this.#notes.get(key)?.bytes ?? 0);
    // A newer word takes the place of the older: an agent is registered before what else it said.
    this.#notes.set(key, { bytes, write });
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES && this.#bytes <= MAX_BYTES) break;
      this.#take(oldest);
      this.#metrics.count('sealwatch_central_notes_dropped_total');
    }
    this.#work ??= this.#writeAll().finally(() => {
      this.#work = null;
    });
  }

  /** Ends; what could not be written by now is not. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    if (this.#notes.size > 0) this.#log.warn('notes of agents were not written', { count: this.#notes.size });
  }

  #take(key: string): void {
    this.#bytes -= this.#notes.get(key)?.bytes ?? 0;
    this.#notes.delete(key);
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#stopping;
    let pause = REWRITE_MIN_MS;
    for (;;) {
      const next = this.#notes.entries().next().value;
      if (next === undefined) return;
      const [key, note] = next;
      if (await this.#isSettled(note)) {
        pause = REWRITE_MIN_MS;
        // What came meanwhile is newer, and still to be written.
        if (this.#notes.get(key) === note) this.#take(key);
      } else {
        await sleep(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(2 * pause, REWRITE_MAX_MS);
      }
      if (signal.aborted) return;
    }
  }

  /** Writes a note; false where it must be tried again. One that can never be written is given up, and counted. */
  async #isSettled(note: Note): Promise<boolean> {
    try {
      await note.write();
      return true;
    } catch (error) {
      const fields = { count: this.#notes.size, error: describeError(error) };
      if (error instanceof CentralError) {
        this.#log.warn('notes of agents wait for the database', fields);
        return false;
      }
      this.#log.error('a note of an agent cannot be written', fields);
      this.#metrics.count('sealwatch_central_notes_dropped_total');
      return true;
    }
  }
}
