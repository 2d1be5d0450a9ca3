// One module, since the bindings of another are slow to read in loops over each character.

/** Code units below it are ASCII. */
const FIRST_BEYOND_ASCII = 128;
const CLASS_BITS = 5;
/** So few that a table's row of 16-bit numbers is a line of the cache. */
const CLASSES = 1 << CLASS_BITS;

const BEYOND = 0;
const DIGIT = 27;
const OTHER = 28;
/** Characters with a class of their own beside letters: the most frequent ones in command lines and paths. */
const OWN: Readonly<Record<string, number>> = { ' ': 29, '/': 30, '-': 31 };

/** Classes of ASCII characters: a letter's is that of either case. */
const CLASS_OF_ASCII = Uint8Array.from({ length: FIRST_BEYOND_ASCII }, (_, code) => {
  const char = String.fromCharCode(code).toLowerCase();
  if (char >= 'a' && char <= 'z') return char.charCodeAt(0) - 0x60;
  if (char >= '0' && char <= '9') return DIGIT;
  return OWN[char] ?? OTHER;
});

function classOf(code: number): number {
  return code < FIRST_BEYOND_ASCII ? (CLASS_OF_ASCII[code] as number) : BEYOND;
}

const LOWER = Uint8Array.from({ length: FIRST_BEYOND_ASCII }, (_, code) =>
  String.fromCharCode(code).toLowerCase().charCodeAt(0),
);

/** Whether a folded text is at a place of another, which is folded or ASCII. */
function isAt(text: string, start: number, sought: string): boolean {
  if (start < 0 || start + sought.length > text.length) return false;
  for (let at = 0; at < sought.length; at += 1) {
    const code = text.charCodeAt(start + at);
    const folded = code < FIRST_BEYOND_ASCII ? LOWER[code] : code;
    if (folded !== sought.charCodeAt(at)) return false;
  }
  return true;
}

/** Whether texts of the same classes are the same but for their case. */
function isDistinct(text: string): boolean {
  return /^[a-z /-]*$/.test(text);
}

/** A text to be found, and what to call `found` with. */
export interface SoughtText {
  /** As `seen` makes it, and not empty. */
  readonly text: string;
  /** The part of it that is looked for. */
  readonly part: string;
  readonly targets: readonly number[];
}

export type Found = (target: number) => void;

interface ComparedText extends SoughtText {
  /** Characters from its beginning to the end of the part. */
  readonly before: number;
}

/** What ends in a state. */
interface Final {
  readonly targets: readonly number[];
  /** Texts of which more was not looked at, or that the classes of their characters do not tell from others. */
  readonly compared: readonly ComparedText[];
}

/**
 * A dense Aho-Corasick automaton (Aho and Corasick 1975) over classes of characters: one look-up in a table for each
 * character of a text, whatever the number of texts that are sought. A row of the table is a line of the cache.
 */
export class Automaton {
  /** Next state by state and class. States from `#firstFinal` on have something to tell. */
  readonly #next: Uint16Array | Uint32Array;
  readonly #firstFinal: number;
  readonly #finals: readonly Final[];

  constructor(sought: readonly SoughtText[]) {
    const trie = buildTrie(sought);
    linkFailures(trie);
    const sorted = finalsLast(trie);
    this.#next = sorted.next;
    this.#firstFinal = sorted.firstFinal;
    this.#finals = sorted.finals;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#next.byteLength;
  }

  /**
   * Tells whom the texts that it finds are for, some more than once.
   * @returns false where the text is not ASCII alone; it was left unread from there on, and is for `scanSeen`
   */
  scan(text: string, found: Found): boolean {
    const next = this.#next;
    const firstFinal = this.#firstFinal;
    const { length } = text;
    let state = 0;
    for (let at = 0; at < length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= FIRST_BEYOND_ASCII) return false;
      state = next[(state << CLASS_BITS) + (CLASS_OF_ASCII[code] as number)] as number;
      if (state >= firstFinal) this.#tell(state, text, at, found);
    }
    return true;
  }

  /** The same for a text as `seen` makes it, of any characters. */
  scanSeen(text: string, found: Found): void {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      state = this.#next[(state << CLASS_BITS) + classOf(text.charCodeAt(at))] as number;
      if (state >= this.#firstFinal) this.#tell(state, text, at, found);
    }
  }

  #tell(state: number, text: string, at: number, found: Found): void {
    const final = this.#finals[state - this.#firstFinal];
    if (final === undefined) return;
    for (const target of final.targets) found(target);
    for (const { text: sought, before, targets } of final.compared) {
      if (!isAt(text, at + 1 - before, sought)) continue;
      for (const target of targets) found(target);
    }
  }
}

interface Trie {
  /** By state and class: the next state. */
  readonly next: Uint32Array;
  /** By state: what ends there. */
  readonly ends: (readonly SoughtText[])[];
}

function buildTrie(sought: readonly SoughtText[]): Trie {
  const capacity = sought.reduce((sum, { part }) => sum + part.length, 1);
  const next = new Uint32Array(capacity * CLASSES);
  const ends: SoughtText[][] = [[]];
  for (const each of sought) {
    let state = 0;
    for (let at = 0; at < each.part.length; at += 1) {
      const place = state * CLASSES + classOf(each.part.charCodeAt(at));
      if (next[place] === 0) next[place] = ends.push([]) - 1;
      state = next[place] as number;
    }
    ends[state]?.push(each);
  }
  return { next, ends };
}

/** Where the trie has no way on, it goes where the longest suffix goes, and tells what that tells. */
function linkFailures({ next, ends }: Trie): void {
  const failure = new Uint32Array(ends.length);
  const queue = new Uint32Array(ends.length);
  let filled = 1;
  for (let read = 0; read < filled; read += 1) {
    const state = queue[read] as number;
    const fallback = failure[state] as number;
    for (let kind = 0; kind < CLASSES; kind += 1) {
      const place = state * CLASSES + kind;
      const child = next[place] as number;
      const elsewhere = state === 0 ? 0 : (next[fallback * CLASSES + kind] as number);
      if (child === 0) {
        next[place] = elsewhere;
        continue;
      }
      failure[child] = elsewhere;
      ends[child] = [...(ends[child] ?? []), ...(ends[elsewhere] ?? [])];
      queue[filled] = child;
      filled += 1;
    }
  }
}

/** Numbers the states anew so that one comparison tells those that end a text. */
function finalsLast({ next, ends }: Trie): {
  readonly next: Uint16Array | Uint32Array;
  readonly firstFinal: number;
  readonly finals: readonly Final[];
} {
  const states = ends.length;
  const order = Array.from({ length: states }, (_, state) => state);
  const isFinal = (state: number): boolean => (ends[state]?.length ?? 0) > 0;
  const finals = order.filter(isFinal);
  const sorted = [...order.filter((state) => !isFinal(state)), ...finals];
  const numbers = new Uint32Array(states);
  for (const [number, state] of sorted.entries()) numbers[state] = number;
  const table = states <= 0xffff ? new Uint16Array(states * CLASSES) : new Uint32Array(states * CLASSES);
  for (const [number, state] of sorted.entries()) {
    for (let kind = 0; kind < CLASSES; kind += 1) {
      table[number * CLASSES + kind] = numbers[next[state * CLASSES + kind] as number] as number;
    }
  }
  return {
    next: table,
    firstFinal: states - finals.length,
    finals: finals.map((state) => finalOf(ends[state] ?? [])),
  };
}

function finalOf(ends: readonly SoughtText[]): Final {
  const isKnown = ({ text, part }: SoughtText): boolean => text === part && isDistinct(text);
  return {
    targets: [...new Set(ends.filter(isKnown).flatMap(({ targets }) => targets))],
    compared: ends
      .filter((end) => !isKnown(end))
      .map((end) => ({ ...end, before: end.text.indexOf(end.part) + end.part.length })),
  };
}

/** A text at the start or at the end of a value, or the whole of it. */
export interface SoughtAffix {
  /** As `seen` makes it, and not empty. */
  readonly text: string;
  readonly targets: readonly number[];
  readonly whole: boolean;
}

interface AffixEnd extends SoughtAffix {
  /** The table tells it from all other texts. */
  readonly distinct: boolean;
}

/** Characters at the end of a text that are in the table; more would make it larger, and so many are rare enough. */
const MAX_DEPTH = 8;

/** Finds texts at one end of a value: it reads from there as far as one of them goes on. */
export class AffixTrie {
  /** Next state by state and class; 0 where nothing goes on. */
  readonly #next: Uint16Array | Uint32Array;
  /** By state: what ends there; undefined where nothing does. */
  readonly #ends: (readonly AffixEnd[] | undefined)[];
  readonly #fromEnd: boolean;

  constructor(sought: readonly SoughtAffix[], end: 'start' | 'end') {
    this.#fromEnd = end === 'end';
    const depth = sought.reduce((sum, { text }) => sum + Math.min(text.length, MAX_DEPTH), 1);
    this.#next = depth <= 0xffff ? new Uint16Array(depth * CLASSES) : new Uint32Array(depth * CLASSES);
    const ends = new Map<number, AffixEnd[]>();
    let states = 1;
    for (const each of sought) states = this.#add(each, states, ends);
    this.#ends = Array.from({ length: states }, (_, state) => ends.get(state));
  }

  get bytes(): number {
    return this.#next.byteLength;
  }

  #add(sought: SoughtAffix, before: number, ends: Map<number, AffixEnd[]>): number {
    const { text } = sought;
    let states = before;
    let state = 0;
    for (let at = 0; at < Math.min(text.length, MAX_DEPTH); at += 1) {
      const place = state * CLASSES + classOf(text.charCodeAt(this.#fromEnd ? text.length - 1 - at : at));
      if (this.#next[place] === 0) {
        this.#next[place] = states;
        states += 1;
      }
      state = this.#next[place] as number;
    }
    ends.set(state, [
      ...(ends.get(state) ?? []),
      { ...sought, distinct: text.length <= MAX_DEPTH && isDistinct(text) },
    ]);
    return states;
  }

  /** @returns false where it met what is not ASCII; the text is for `walkSeen` */
  walk(text: string, found: Found): boolean {
    const next = this.#next;
    const { length } = text;
    const step = this.#fromEnd ? -1 : 1;
    const ends = this.#ends;
    let state = 0;
    for (let at = this.#fromEnd ? length - 1 : 0; at >= 0 && at < length; at += step) {
      const code = text.charCodeAt(at);
      if (code >= FIRST_BEYOND_ASCII) return false;
      state = next[(state << CLASS_BITS) + (CLASS_OF_ASCII[code] as number)] as number;
      if (state === 0) return true;
      const here = ends[state];
      if (here !== undefined) this.#tell(here, text, found);
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

  #tell(ends: readonly AffixEnd[], text: string, found: Found): void {
    for (const { text: sought, whole, distinct, targets } of ends) {
      if (whole && text.length !== sought.length) continue;
      if (!(distinct || isAt(text, this.#fromEnd ? text.length - sought.length : 0, sought))) continue;
      for (const target of targets) found(target);
    }
  }
}
