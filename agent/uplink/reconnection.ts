import { backoff } from './backoff.ts';

/** Close codes of a central that went away: going away (RFC 6455 §7.4.1), and none at all. */
const WENT_AWAY: ReadonlySet<number> = new Set([1001, 1006]);
/** Try again later (IANA's registry of WebSocket close codes): central has no room. */
const BUSY = 1013;
/** The same agent connected again: another process uses this identity. */
const REPLACED = 4409;
/** Milliseconds to wait where central is full and names no time; and where another process took the connection. */
const LATER_MS = 30_000;
/** Longest time in milliseconds that central may send an agent away for. */
const MAX_LATER_MS = 600_000;

/** Decides when to connect again, so that a fleet that lost its central does not come back all at once. */
export class Reconnection {
  readonly #random: () => number;
  #attempt = 0;
  #windowMs = 0;
  #laterMs: number | null = null;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Attempts in a row that led to nothing. */
  get attempts(): number {
    return this.#attempt;
  }

  /** @param windowMs milliseconds over which central asks the fleet to spread its return */
  welcomed(windowMs: number): void {
    this.#attempt = 0;
    this.#windowMs = windowMs;
  }

  /** An upgrade was refused with an HTTP status; `retryAfter` is its header, in seconds. */
  turnedAway(status: number, retryAfter: string | undefined): void {
    if (status !== 503) return;
    const seconds = Number(retryAfter);
    const asked = retryAfter !== undefined && Number.isFinite(seconds) ? seconds * 1_000 : LATER_MS;
    this.#laterMs = Math.min(MAX_LATER_MS, Math.max(0, asked));
  }

  /** Milliseconds to wait after a connection ended with this code. */
  next(code: number, wasWelcomed: boolean): number {
    const later = code === BUSY || code === REPLACED ? LATER_MS : this.#laterMs;
    this.#laterMs = null;
    const attempt = this.#attempt;
    this.#attempt += 1;
    // Never sooner than central asked, and spread by as much again.
    if (later !== null) return Math.round(later + this.#random() * Math.max(later, this.#windowMs));
    if (wasWelcomed && WENT_AWAY.has(code)) return Math.round(this.#random() * this.#windowMs);
    return backoff(attempt, this.#random);
  }
}
