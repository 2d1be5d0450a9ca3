import { uptime } from 'node:os';

/** Milliseconds between two looks at the clock. */
const CHECK_MS = 5_000;
/** Milliseconds by which the clock may be corrected without being told. */
const MAX_CORRECTION_MS = 5_000;

/**
 * Notices that the wall clock was set: it is compared with the time since boot, which nobody sets and which, on
 * Linux, also runs while the host sleeps (clock_gettime(2), CLOCK_BOOTTIME).
 */
export class ClockWatch {
  readonly #onJump: (jumpMs: number) => void;
  readonly #wallMs: () => number;
  readonly #bootMs: () => number;
  #boot: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `onJump` hears by how many milliseconds the clock was set; negative for back. */
  constructor(
    onJump: (jumpMs: number) => void,
    wallMs: () => number = Date.now,
    bootMs: () => number = () => uptime() * 1_000,
  ) {
    this.#onJump = onJump;
    this.#wallMs = wallMs;
    this.#bootMs = bootMs;
  }

  start(): void {
    this.check();
    this.#timer = setInterval(() => this.check(), CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Compares both clocks once. */
  check(): void {
    const boot = this.#wallMs() - this.#bootMs();
    const jump = this.#boot === null ? 0 : boot - this.#boot;
    this.#boot = boot;
    if (Math.abs(jump) > MAX_CORRECTION_MS) this.#onJump(Math.round(jump));
  }
}
