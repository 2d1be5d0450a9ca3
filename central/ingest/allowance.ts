import type { IngestSettings } from './settings.ts';

/** Seconds of its rate that an agent may send at once. */
const BURST_SECONDS = 2;
/** Seconds of its rate in frames that an agent may owe: that is no agent any more, but a flood. */
const FLOOD_SECONDS = 10;

/** Rates that all agents have alike. */
export type Rates = Pick<IngestSettings, 'frames_per_second' | 'bytes_per_second' | 'alerts_per_second'>;

/**
 * What one agent may still send: frames, bytes and alerts fill up with time. What comes in one read of the
 * socket is taken even where there is no room for it; it is owed then, and the socket rests until it is paid.
 */
export class Allowance {
  readonly #rates: Rates;
  #frames: number;
  #bytes: number;
  #alerts: number;
  #at: number;

  /** @param now monotonic milliseconds, as in all calls */
  constructor(rates: Rates, now: number) {
    this.#rates = rates;
    this.#frames = rates.frames_per_second * BURST_SECONDS;
    this.#bytes = rates.bytes_per_second * BURST_SECONDS;
    this.#alerts = rates.alerts_per_second * BURST_SECONDS;
    this.#at = now;
  }

  /** A frame, a ping or a pong of so many bytes. */
  takeFrame(bytes: number, now: number): void {
    this.#fill(now);
    this.#frames -= 1;
    this.#bytes -= bytes;
  }

  takeAlerts(count: number, now: number): void {
    this.#fill(now);
    this.#alerts -= count;
  }

  /** Whether more was sent than there was room for. */
  owes(now: number): boolean {
    this.#fill(now);
    return this.#frames < 0 || this.#bytes < 0 || this.#alerts < 0;
  }

  /** Whether so many frames came at once that nothing but a flood explains them. */
  get isFlooded(): boolean {
    return this.#frames < -this.#rates.frames_per_second * FLOOD_SECONDS;
  }

  #fill(now: number): void {
    const seconds = Math.max(0, now - this.#at) / 1_000;
    this.#at = now;
    const { frames_per_second: frames, bytes_per_second: bytes, alerts_per_second: alerts } = this.#rates;
    this.#frames = Math.min(frames * BURST_SECONDS, this.#frames + frames * seconds);
    this.#bytes = Math.min(bytes * BURST_SECONDS, this.#bytes + bytes * seconds);
    this.#alerts = Math.min(alerts * BURST_SECONDS, this.#alerts + alerts * seconds);
  }
}
