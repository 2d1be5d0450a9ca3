import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that are read before the first rest. */
const BURST_BYTES = 256 * 1024;

/** Spreads reading over time: after each burst so long a rest that no more than so many bytes come to a second. */
export class Pace {
  readonly #bytesPerSecond: number;
  readonly #signal: AbortSignal;
  #spent = 0;

  constructor(bytesPerSecond: number, signal: AbortSignal) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#signal = signal;
  }

  /** Counts bytes; rests where it is time. Rejects with an AbortError once the signal says so. */
  async spend(bytes: number): Promise<void> {
    this.#signal.throwIfAborted();
    this.#spent += bytes;
    if (this.#spent < BURST_BYTES) return;
    const restMs = (this.#spent / this.#bytesPerSecond) * 1_000;
    this.#spent = 0;
    await sleep(restMs, undefined, { ref: false, signal: this.#signal });
  }
}
