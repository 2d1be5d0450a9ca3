import type { WebSocket } from 'ws';
import { limits } from '../../wire/index.ts';
import { Allowance, type Rates } from './allowance.ts';

export interface InflowParts {
  readonly settings: Rates;
  /** Milliseconds that no setting of the clock moves. */
  readonly monotonic: () => number;
  /** More was sent than allowed: `relieve` is to be called until it answers true. */
  readonly onOwing: () => void;
}

/** Decides whether a socket is read: not while too many frames wait, nor while its agent owes more than it may send. */
export class Inflow {
  readonly #socket: WebSocket;
  readonly #parts: InflowParts;
  readonly #allowance: Allowance;
  #waiting = 0;
  #isOwing = false;

  constructor(socket: WebSocket, parts: InflowParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#allowance = new Allowance(parts.settings, parts.monotonic());
  }

  /** Whether it is central that does not listen just now. */
  get isPaused(): boolean {
    return this.#isOwing || this.#waiting > 0;
  }

  /** Counts a frame, a ping or a pong; false where so much came that nothing but a flood explains it. */
  spend(bytes: number): boolean {
    const now = this.#parts.monotonic();
    this.#allowance.takeFrame(bytes, now);
    if (this.#allowance.isFlooded) return false;
    this.#holdBack(now);
    return true;
  }

  spendAlerts(count: number): void {
    const now = this.#parts.monotonic();
    this.#allowance.takeAlerts(count, now);
    this.#holdBack(now);
  }

  /** A frame waits to be dealt with. */
  begin(): void {
    this.#waiting += 1;
    this.#regulate();
  }

  /** A frame was dealt with. */
  end(): void {
    this.#waiting -= 1;
    this.#regulate();
  }

  /** Reads the socket again once nothing is owed; says whether that is so. */
  relieve(): boolean {
    if (this.#allowance.owes(this.#parts.monotonic())) return false;
    this.#isOwing = false;
    this.#regulate();
    return true;
  }

  #holdBack(now: number): void {
    if (this.#isOwing || !this.#allowance.owes(now)) return;
    this.#isOwing = true;
    this.#parts.onOwing();
    this.#regulate();
  }

  #regulate(): void {
    const isFull = this.#isOwing || this.#waiting >= limits.MAX_BATCHES_IN_FLIGHT;
    // A connection that is being closed is read to its end.
    if (isFull && this.#socket.readyState === this.#socket.OPEN) this.#socket.pause();
    else this.#socket.resume();
  }
}
