import { type Needle, rarestPart, seen } from '../compile/needle.ts';
import { AffixTrie, Automaton, type Found } from './literal-tables.ts';

/** A needle with whom to tell. */
export interface SoughtNeedle extends Needle {
  readonly targets: readonly number[];
}

/** Characters of a needle that are looked for anywhere: more make larger tables, and so many are rare enough. */
const MAX_LENGTH = 8;

/** Finds needles in the values of one field, each at its place. */
export class NeedleFinder {
  readonly #found: Found;
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
  }

  get bytes(): number {
    return (this.#anywhere?.bytes ?? 0) + (this.#starts?.bytes ?? 0) + (this.#ends?.bytes ?? 0);
  }

  look(value: string): void {
    const found = this.#found;
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
