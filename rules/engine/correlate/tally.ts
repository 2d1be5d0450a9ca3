import type { ParsedCorrelation } from '../parse/correlation.ts';
import type { Datum } from './measure.ts';

/** What the entries of one window amount to, kept up to date as entries come and go. */
export interface Tally {
  /** @returns what to keep of the datum: equal texts become one text in memory */
  add(datum: Datum): Datum;
  remove(datum: Datum): void;
  /**
   * Undefined where there is nothing to compute.
   * @param latest of the event that asks
   * @param all of the window, in order of time
   */
  value(latest: Datum, all: Iterable<Datum>): number | undefined;
}

/** Makes the tally of a new window; undefined for types that only count events and rules. */
export function tallyOf({ type, condition }: ParsedCorrelation): () => Tally | undefined {
  const percentile = condition.kind === 'bounds' ? condition.percentile : null;
  switch (type) {
    case 'event_count':
    case 'temporal':
    case 'temporal_ordered':
      return () => undefined;
    case 'value_count':
      return () => new TextTally((counts) => counts.size);
    case 'value_sum':
      return () => new SumTally((sum) => sum);
    case 'value_avg':
      return () => new SumTally((sum, count) => sum / count);
    case 'value_median':
      return () => new RankTally(50);
    case 'value_percentile':
      return () => (percentile === null ? new TextTally(share) : new RankTally(percentile));
  }
}

interface TextCount {
  readonly text: string;
  count: number;
}
type Counts = ReadonlyMap<string, TextCount>;

/** The percentage of the window's entries that have the same value as this one. */
function share(counts: Counts, entries: number, [value]: Datum): number {
  return (100 * (counts.get(String(value))?.count ?? 0)) / entries;
}

class TextTally implements Tally {
  readonly #counts = new Map<string, TextCount>();
  readonly #result: (counts: Counts, entries: number, latest: Datum) => number;
  #entries = 0;

  constructor(result: (counts: Counts, entries: number, latest: Datum) => number) {
    this.#result = result;
  }

  add(datum: Datum): Datum {
    this.#entries += 1;
    return datum.map((value) => {
      const text = String(value);
      const known = this.#counts.get(text);
      if (known === undefined) this.#counts.set(text, { text, count: 1 });
      else known.count += 1;
      return known?.text ?? text;
    });
  }

  remove(datum: Datum): void {
    this.#entries -= 1;
    for (const value of datum) {
      const known = this.#counts.get(String(value));
      if (known === undefined) continue;
      known.count -= 1;
      if (known.count === 0) this.#counts.delete(known.text);
    }
  }

  value(latest: Datum): number | undefined {
    return this.#entries === 0 ? undefined : this.#result(this.#counts, this.#entries, latest);
  }
}

/**
 * Adds and takes away while that is exact, which it is for whole numbers below 2^53. Else it sums anew each
 * time: what a large number rounded away does not come back when it leaves.
 */
class SumTally implements Tally {
  readonly #result: (sum: number, count: number) => number;
  #sum = 0;
  #count = 0;
  #inexact = 0;
  #rounded = false;

  constructor(result: (sum: number, count: number) => number) {
    this.#result = result;
  }

  add(datum: Datum): Datum {
    this.#change(datum, 1);
    return datum;
  }

  remove(datum: Datum): void {
    this.#change(datum, -1);
  }

  value(_latest: Datum, all: Iterable<Datum>): number | undefined {
    if (this.#count === 0) return undefined;
    if (this.#inexact > 0 || this.#rounded) {
      this.#sum = 0;
      for (const datum of all) for (const value of datum) this.#sum += Number(value);
      this.#rounded = !Number.isSafeInteger(this.#sum);
    }
    return this.#result(this.#sum, this.#count);
  }

  #change(datum: Datum, sign: 1 | -1): void {
    for (const value of datum) {
      this.#count += sign;
      if (!Number.isSafeInteger(value)) this.#inexact += sign;
      this.#sum += sign * Number(value);
      if (!Number.isSafeInteger(this.#sum)) this.#rounded = true;
    }
  }
}

class RankTally implements Tally {
  readonly #sorted: number[] = [];
  readonly #percentile: number;

  constructor(percentile: number) {
    this.#percentile = percentile;
  }

  add(datum: Datum): Datum {
    for (const value of datum) this.#sorted.splice(this.#placeOf(Number(value)), 0, Number(value));
    return datum;
  }

  remove(datum: Datum): void {
    for (const value of datum) this.#sorted.splice(this.#placeOf(Number(value)), 1);
  }

  /** Linear between the two closest ranks. */
  value(): number | undefined {
    const rank = (this.#percentile / 100) * (this.#sorted.length - 1);
    const below = this.#sorted[Math.floor(rank)];
    const above = this.#sorted[Math.ceil(rank)];
    if (below === undefined || above === undefined) return undefined;
    return below + (above - below) * (rank - Math.floor(rank));
  }

  /** Where the first number stands that is not smaller. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
