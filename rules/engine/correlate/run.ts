/**
 * How far the events of a window follow an order of rules: the length of the longest sequence of events, in order
 * of time, that goes through rules in their order. For each rule and length it keeps the latest start of such a
 * sequence, so that an event costs nothing per older event, and leaving events cost nothing at all.
 */
export class Run {
  /** By member its place in the order, or -1. */
  readonly #places: readonly number[];
  /** By place and length less one: the latest start. */
  #starts: number[][] = [];

  constructor(places: readonly number[]) {
    this.#places = places;
  }

  clear(): void {
    this.#starts = [];
  }

  /**
   * An event that is several rules' counts for each, in their order.
   * @param members ascending
   * @param position grows from event to event
   */
  see(members: readonly number[], position: number): void {
    for (const member of members) {
      const place = this.#places[member] ?? -1;
      if (place >= 0) this.#extend(place, position);
    }
  }

  /** @param start position of the oldest event that still counts */
  longest(start: number): number {
    let longest = 0;
    for (const starts of this.#starts) {
      if (starts === undefined) continue;
      for (let length = starts.length; length > longest; length -= 1) {
        if ((starts[length - 1] ?? -1) >= start) longest = length;
      }
    }
    return longest;
  }

  #extend(place: number, position: number): void {
    while (this.#starts.length <= place) this.#starts.push([]);
    const starts = this.#starts[place] ?? [];
    starts[0] = position;
    for (let length = 1; length <= place; length += 1) {
      let latest = starts[length] ?? -1;
      for (let before = 0; before < place; before += 1) {
        latest = Math.max(latest, this.#starts[before]?.[length - 1] ?? -1);
      }
      starts[length] = latest;
    }
  }
}
