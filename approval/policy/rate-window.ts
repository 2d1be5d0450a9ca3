import type { Rate } from './policy.ts';

/** Times of the calls that still count towards a rate: at most `calls` numbers are kept. */
export class RateWindow {
  readonly rate: Rate;
  readonly #times: Float64Array;
  #next = 0;
  #count = 0;

  constructor(rate: Rate) {
    this.rate = rate;
    this.#times = new Float64Array(rate.calls);
  }

  counts(tool: string): boolean {
    return this.rate.tools === null || this.rate.tools.includes(tool);
  }

  /** Whether a call at `now` (milliseconds of a monotonic clock) leaves the rate kept. */
  hasRoom(now: number): boolean {
    if (this.#count < this.#times.length) return true;
    return (this.#times[this.#next] ?? 0) <= now - this.rate.seconds * 1_000;
  }

  /** Notes a call that was allowed; one that was refused does not count. */
  note(now: number): void {
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#times.length;
    this.#count = Math.min(this.#count + 1, this.#times.length);
  }
}
