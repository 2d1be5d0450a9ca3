import { type Needle, rarestPart, seen } from '../compile/needle.ts';
import { AffixTrie, Automaton, type Found } from './literal-tables.ts';

/** A needle with whom to tell. */
export interface SoughtNeedle extends Needle {
  readonly targets: readonly number[];
}

/** Characters of a needle that are looked for anywhere: more make larger tables, and so many are rare enough. */
const MAX_LENGTH = 8;

/** Values whose needles are remembered, and their length: paths of programs and names of users come again and again. */
const MAX_KEPT = 1_024;
const MAX_KEPT_LENGTH = 40;
/** Bytes of tables from which on a search takes longer than remembering. */
const WORTH_KEEPING = 2_048;

/** Finds needles in the values of one field, each at its place. */
export class NeedleFinder {
  readonly #found: Found;
  /** Characters of values whose needles are remembered. */
  readonly #keptLength: number;
  readonly #kept = new Map<string, readonly number[]>();
  readonly #anywhere: Automaton | null;
  readonly #starts: AffixTrie | null;
  readonly #ends: AffixTrie | null;

  constructor(sought: readonly SoughtNeedle[], found: Found) {
    this.#found = found;
    const at = (...places: readonly Needle['place'][]): readonly SoughtNeedle[] =>
      sought.filter(({ place }) => places.includes(place));
    const anywhere = at('anywhere').map(({ text, targets }) => ({
      text,
      part: rarestPart(text, MAX_LENGTH),
      targets,
    }));
    const starts = at('start').map((needle) => ({ ...needle, whole: false }));
    const ends = at('end', 'whole').map((needle) => ({ ...needle, whole: needle.place === 'whole' }));
    this.#anywhere = anywhere.length === 0 ? null : new Automaton(anywhere);
    this.#starts = starts.length === 0 ? null : new AffixTrie(starts, 'start');
    this.#ends = ends.length === 0 ? null : new AffixTrie(ends, 'end');
    this.#keptLength = this.bytes < WORTH_KEEPING ? -1 : MAX_KEPT_LENGTH;
  }

  get bytes(): number {
    return (this.#anywhere?.bytes ?? 0) + (this.#starts?.bytes ?? 0) + (this.#ends?.bytes ?? 0);
  }

  /** Tells whom the needles in a value are for. */
  look(value: string): void {
    if (value.length > this.#keptLength) {
      this.#search(value, this.#found);
      return;
    }
    for (const target of this.#kept.get(value) ?? this.#keep(value)) this.#found(target);
  }

  /** The same for a number, of which hardly one comes again. */
  lookAtNumber(value: number): void {
    this.#search(String(value), this.#found);
  }

  #keep(value: string): readonly number[] {
    const targets: number[] = [];
    this.#search(value, (target) => targets.push(target));
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(value, targets);
    return targets;
  }

  #search(value: string, found: Found): void {
    const isRead =
      (this.#ends === null || this.#ends.walk(value, found)) &&
      (this.#starts === null || this.#starts.walk(value, found)) &&
      (this.#anywhere === null || this.#anywhere.scan(value, found));
    if (isRead) return;
    const text = seen(value);
    this.#ends?.walkSeen(text, found);
    this.#starts?.walkSeen(text, found);
    this.#anywhere?.scanSeen(text, found);
  }
}
