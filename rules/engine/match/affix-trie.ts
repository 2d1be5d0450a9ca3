import type { Found, SoughtText } from './automaton.ts';
import {
  CLASS_BITS,
  CLASS_OF_ASCII,
  CLASSES,
  classOf,
  FIRST_BEYOND_ASCII,
  isDistinct,
} from './character-classes.ts';

/** A text at the start or at the end of a value, or the whole of it. */
export interface SoughtAffix extends SoughtText {
  readonly whole: boolean;
}

/** Finds texts at one end of a value: it reads from there as far as one of them goes on. */
export class AffixTrie {
  /** Next state by state and class; 0 where nothing goes on. */
  readonly #next: Uint32Array;
  /** By state: what ends there. */
  readonly #ends: (readonly SoughtAffix[] | undefined)[] = [];
  readonly #fromEnd: boolean;

  constructor(sought: readonly SoughtAffix[], end: 'start' | 'end') {
    this.#fromEnd = end === 'end';
    this.#next = new Uint32Array(sought.reduce((sum, { text }) => sum + text.length, 1) * CLASSES);
    let states = 1;
    for (const each of sought) states = this.#add(each, states);
  }

  get bytes(): number {
    return this.#next.byteLength;
  }

  #add(sought: SoughtAffix, before: number): number {
    const { text } = sought;
    let states = before;
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      const place = state * CLASSES + classOf(text.charCodeAt(this.#fromEnd ? text.length - 1 - at : at));
      if (this.#next[place] === 0) {
        this.#next[place] = states;
        states += 1;
      }
      state = this.#next[place] as number;
    }
    this.#ends[state] = [...(this.#ends[state] ?? []), sought];
    return states;
  }

  /** @returns false where it met what is not ASCII; the text is for `walkSeen` */
  walk(text: string, found: Found): boolean {
    const next = this.#next;
    const { length } = text;
    const step = this.#fromEnd ? -1 : 1;
    let state = 0;
    for (let at = this.#fromEnd ? length - 1 : 0; at >= 0 && at < length; at += step) {
      const code = text.charCodeAt(at);
      if (code >= FIRST_BEYOND_ASCII) return false;
      state = next[(state << CLASS_BITS) + (CLASS_OF_ASCII[code] as number)] as number;
      if (state === 0) return true;
      const ends = this.#ends[state];
      if (ends !== undefined) this.#tell(ends, text, found);
    }
    return true;
  }

  /** The same for a text as `seen` makes it, of any characters. */
  walkSeen(text: string, found: Found): void {
    const { length } = text;
    let state = 0;
    for (let at = 0; at < length; at += 1) {
      const code = text.charCodeAt(this.#fromEnd ? length - 1 - at : at);
      state = this.#next[(state << CLASS_BITS) + classOf(code)] as number;
      if (state === 0) return;
      const ends = this.#ends[state];
      if (ends !== undefined) this.#tell(ends, text, found);
    }
  }

  #tell(ends: readonly SoughtAffix[], text: string, found: Found): void {
    for (const { text: sought, whole, targets } of ends) {
      if (whole && text.length !== sought.length) continue;
      if (!(isDistinct(sought) || this.#isThere(text, sought))) continue;
      for (const target of targets) found(target);
    }
  }

  /** Compares what the classes of characters do not tell apart. */
  #isThere(text: string, sought: string): boolean {
    const { length } = sought;
    return (this.#fromEnd ? text.slice(-length) : text.slice(0, length)).toLowerCase() === sought;
  }
}
