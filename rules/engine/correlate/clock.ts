/** Milliseconds: events this far behind the newest, one after the other, mean that the clock was set back. */
const STEP_MS = 300_000;
/** How many events in a row it takes to believe it. */
const STEP_EVENTS = 32;

/**
 * The time that passes while events come, for deciding when a group is idle: it never goes back. A clock of the
 * host that is set back does not stop it for longer than `STEP_MS`.
 */
export class EventClock {
  #newest = Number.NEGATIVE_INFINITY;
  #offset = 0;
  #behind = 0;

  /** @param time of the event, in milliseconds of Unix time */
  advance(time: number): number {
    if (time >= this.#newest) {
      this.#newest = time;
      this.#behind = 0;
    } else if (this.#newest - time < STEP_MS) {
      this.#behind = 0;
    } else {
      this.#behind += 1;
      if (this.#behind >= STEP_EVENTS) {
        this.#offset += this.#newest - time;
        this.#newest = time;
        this.#behind = 0;
      }
    }
    return this.#newest + this.#offset;
  }
}
