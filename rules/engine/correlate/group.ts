import { Window, type WindowShape } from './window.ts';

/** The state of one correlation for one set of values of its `group-by`. */
export class Group {
  readonly #shape: WindowShape;
  #current: Window;
  /** For events that are older than the current window. */
  #behind: { readonly window: Window; readonly since: number } | undefined;
  /** When it last got an entry, by the clock of the correlator in milliseconds. */
  touched = 0;
  /** Time of the event at which it last fired, in milliseconds of Unix time. */
  #fired: number | undefined;

  constructor(shape: WindowShape) {
    this.#shape = shape;
    this.#current = new Window(shape);
  }

  get size(): number {
    return this.#current.size + (this.#behind?.window.size ?? 0);
  }

  /**
   * The window that an event of this time belongs to. One that is older than the current window gets a window of
   * its own, which becomes the current one where events go on there for a timespan: the clock was set back.
   */
  windowAt(time: number): Window {
    const { timespanMs } = this.#shape;
    if (time >= this.#current.newest - timespanMs) {
      this.#behind = undefined;
      return this.#current;
    }
    let behind = this.#behind;
    if (behind === undefined || time < behind.window.newest - timespanMs) {
      behind = { window: new Window(this.#shape), since: time };
      this.#behind = behind;
    } else if (time - behind.since > timespanMs) {
      this.#current = behind.window;
      this.#behind = undefined;
    }
    return behind.window;
  }

  /**
   * Takes the oldest entry away.
   * @returns false where there is none
   */
  shift(): boolean {
    const window = this.#behind?.window.size ? this.#behind.window : this.#current;
    if (window.size === 0) return false;
    window.shift();
    return true;
  }

  /** @returns whether it fired within one timespan before */
  fire(time: number): boolean {
    const again = this.#fired !== undefined && Math.abs(time - this.#fired) <= this.#shape.timespanMs;
    this.#fired = time;
    return again;
  }
}
