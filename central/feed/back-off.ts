import { FEED_RETRY_MAX_MS, FEED_RETRY_MIN_MS } from '../limits.ts';

/** Times between attempts: doubled from the least to the most, each shortened by up to a half at random. */
export class BackOff {
  readonly #random: () => number;
  #next = FEED_RETRY_MIN_MS;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const delay = this.#next * (1 - this.#random() / 2);
    this.#next = Math.min(this.#next * 2, FEED_RETRY_MAX_MS);
    return delay;
  }

  reset(): void {
    this.#next = FEED_RETRY_MIN_MS;
  }
}
