import type { ParsedCorrelation } from '../parse/correlation.ts';
import type { Datum } from './measure.ts';
import { Run } from './run.ts';
import type { Tally } from './tally.ts';
import { type Entry, Timeline } from './timeline.ts';

/** What all windows of one correlation have in common. */
export interface WindowShape extends Pick<ParsedCorrelation, 'timespanMs' | 'window' | 'gapMs'> {
  /** How many members the correlation has. */
  readonly members: number;
  readonly tally: () => Tally | undefined;
  /** By member its place in the order that is looked for, or -1; undefined where order does not matter. */
  readonly places: readonly number[] | undefined;
}

/** The entries of one group that stand close enough in time. */
export class Window {
  readonly #shape: WindowShape;
  #timeline = new Timeline();
  #tally: Tally | undefined;
  #run: Run | undefined;
  /** By member the number of its entries. */
  #seen: number[] = [];

  constructor(shape: WindowShape) {
    this.#shape = shape;
    this.#clear();
  }

  get size(): number {
    return this.#timeline.size;
  }

  /** Milliseconds of Unix time; -Infinity where it is empty. */
  get newest(): number {
    return this.#timeline.last?.time ?? Number.NEGATIVE_INFINITY;
  }

  get oldest(): number {
    return this.#timeline.first?.time ?? Number.NEGATIVE_INFINITY;
  }

  /** How many members have entries. */
  get distinct(): number {
    return this.#seen.reduce((count, entries) => (entries > 0 ? count + 1 : count), 0);
  }

  /** The longest sequence of entries that follows the order of the members. */
  get run(): number {
    return this.#run?.longest(this.#timeline.start) ?? 0;
  }

  saw(member: number): boolean {
    return (this.#seen[member] ?? 0) > 0;
  }

  /** What the type computes; the number of entries where it computes nothing. */
  value(latest: Datum): number | undefined {
    return this.#tally === undefined ? this.size : this.#tally.value(latest, this.#data());
  }

  /** @returns false where the entry is of an earlier window that is over */
  add(entry: Entry): boolean {
    const relation = this.#relate(entry.time);
    if (relation === 'earlier') return false;
    if (relation === 'later') this.#clear();
    const datum = this.#tally?.add(entry.datum) ?? entry.datum;
    const inOrder = this.#timeline.insert({ ...entry, datum });
    for (const member of entry.members) this.#seen[member] = (this.#seen[member] ?? 0) + 1;
    if (inOrder) this.#run?.see(entry.members, this.#timeline.start + this.size - 1);
    else this.#retrace();
    if (this.#shape.window === 'sliding') this.#slide();
    return true;
  }

  /** Takes the oldest entry away. */
  shift(): void {
    const entry = this.#timeline.shift();
    if (entry === undefined) return;
    this.#tally?.remove(entry.datum);
    for (const member of entry.members) this.#seen[member] = (this.#seen[member] ?? 0) - 1;
  }

  #clear(): void {
    this.#timeline = new Timeline();
    this.#tally = this.#shape.tally();
    this.#run = this.#shape.places === undefined ? undefined : new Run(this.#shape.places);
    this.#seen = new Array<number>(this.#shape.members).fill(0);
  }

  #relate(time: number): 'earlier' | 'within' | 'later' {
    const { window, timespanMs, gapMs } = this.#shape;
    if (this.size === 0 || window === 'sliding') return 'within';
    if (window === 'tumbling') {
      const buckets = Math.floor(time / timespanMs) - Math.floor(this.newest / timespanMs);
      if (buckets === 0) return 'within';
      return buckets > 0 ? 'later' : 'earlier';
    }
    const gap = gapMs ?? timespanMs;
    const span = Math.max(time, this.newest) - Math.min(time, this.oldest);
    const reachable = time <= this.newest + gap && time >= this.oldest - gap;
    if (reachable && span <= timespanMs) return 'within';
    return time > this.newest ? 'later' : 'earlier';
  }

  /** An entry exactly one timespan old is still inside. */
  #slide(): void {
    const edge = this.newest - this.#shape.timespanMs;
    while (this.oldest < edge) this.shift();
  }

  #retrace(): void {
    if (this.#run === undefined) return;
    this.#run.clear();
    let position = this.#timeline.start;
    for (const { members } of this.#timeline) {
      this.#run.see(members, position);
      position += 1;
    }
  }

  *#data(): Iterable<Datum> {
    for (const { datum } of this.#timeline) yield datum;
  }
}
