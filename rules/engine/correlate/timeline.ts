import type { Datum } from './measure.ts';

/** One event, or one hit of another correlation, in a window. */
export interface Entry {
  /** Milliseconds of Unix time. */
  readonly time: number;
  /** Places of the members whose event it is, ascending. */
  readonly members: readonly number[];
  readonly datum: Datum;
}

/** How many taken entries may stand before the head until the list is packed. */
const SLACK = 32;

/** Entries in order of time, and of arrival where that is equal. Adding at the end and taking the oldest are cheap. */
export class Timeline {
  #entries: Entry[] = [];
  #head = 0;
  /** Entries that were packed away. */
  #gone = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  get last(): Entry | undefined {
    return this.size === 0 ? undefined : this.#entries.at(-1);
  }

  /** The place of the oldest entry. Places only grow, as long as no entry comes late. */
  get start(): number {
    return this.#gone + this.#head;
  }

  /** @returns false where a newer entry was there already, so that places changed */
  insert(entry: Entry): boolean {
    let at = this.#entries.length;
    while (at > this.#head && (this.#entries[at - 1]?.time ?? 0) > entry.time) at -= 1;
    if (at === this.#entries.length) {
      this.#entries.push(entry);
      return true;
    }
    this.#entries.splice(at, 0, entry);
    return false;
  }

  shift(): Entry | undefined {
    const entry = this.first;
    if (entry === undefined) return undefined;
    this.#head += 1;
    if (this.#head > SLACK && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#gone += this.#head;
      this.#head = 0;
    }
    return entry;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let at = this.#head; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry !== undefined) yield entry;
    }
  }
}
