import { Group } from './group.ts';
import type { WindowShape } from './window.ts';

/** Milliseconds, one timespan at most: how long a group waits for events that come late. */
const LATE_MS = 60_000;

interface Place {
  readonly key: string;
  readonly group: Group;
  older: Place | undefined;
  newer: Place | undefined;
}

/**
 * All groups of one correlation, chained in the order in which they were touched. The order of a `Map` would do,
 * but finding its first entry takes longer the more entries were deleted before it.
 */
export class Groups {
  readonly #shape: WindowShape;
  readonly #places = new Map<string, Place>();
  #oldest: Place | undefined;
  #newest: Place | undefined;

  constructor(shape: WindowShape) {
    this.#shape = shape;
  }

  get count(): number {
    return this.#places.size;
  }

  /** Entries of all groups. */
  get entries(): number {
    let entries = 0;
    for (const { group } of this.#places.values()) entries += group.size;
    return entries;
  }

  /** The group that was touched longest ago. */
  get oldest(): Group | undefined {
    return this.#oldest?.group;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** The group, made if need be, as the one that was touched last. */
  touch(key: string, now: number): Group {
    const place = this.#places.get(key) ?? this.#make(key);
    place.group.touched = now;
    if (place === this.#newest) return place.group;
    this.#unchain(place);
    place.older = this.#newest;
    place.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = place;
    this.#newest = place;
    this.#oldest ??= place;
    return place.group;
  }

  /**
   * Takes the oldest group away.
   * @returns how many entries it had
   */
  drop(): number {
    const place = this.#oldest;
    if (place === undefined) return 0;
    this.#places.delete(place.key);
    this.#unchain(place);
    return place.group.size;
  }

  /**
   * Takes away the groups whose last entry has left every window, also that of an event which comes late.
   * @returns how many entries they had
   */
  sweep(now: number): number {
    const { timespanMs } = this.#shape;
    const edge = now - timespanMs - Math.min(timespanMs, LATE_MS);
    let entries = 0;
    while (this.#oldest !== undefined && this.#oldest.group.touched < edge) entries += this.drop();
    return entries;
  }

  #make(key: string): Place {
    const place = { key, group: new Group(this.#shape), older: undefined, newer: undefined };
    this.#places.set(key, place);
    return place;
  }

  #unchain(place: Place): void {
    const { older, newer } = place;
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    if (place === this.#oldest) this.#oldest = newer;
    if (place === this.#newest) this.#newest = older;
  }
}
