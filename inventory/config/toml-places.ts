import { parse, TomlError } from 'smol-toml';
import type { Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../limits.ts';
import { type Place, place } from './places.ts';
import { ConfigFault, tooDeep, tooManyValues } from './value.ts';

/** Where a value that is not a table of its own is written, in UTF-16 code units from the start of the text. */
export interface WrittenValue {
  readonly kind: 'scalar' | 'list' | 'map';
  /** Start of the whole key, and of its last part; for an item of a list, of the value. */
  readonly from: number;
  readonly keyStart: number;
  /** End of the key; null for an item of a list. */
  readonly keyEnd: number | null;
  readonly start: number;
  readonly end: number;
}

/** A table or array while the scan goes on; tables may be opened again and again. */
export interface TomlNode {
  readonly at: number;
  /** Null for a table with a header and for what stands between the parts of a dotted key. */
  written: WrittenValue | null;
  /** Null until something is inside: most values are leaves. */
  inside: Map<string | number, TomlNode> | null;
  /** Set for `[[…]]`: a header below it means its last element. */
  isArrayOfTables: boolean;
}

function node(at: number): TomlNode {
  return { at, written: null, inside: null, isArrayOfTables: false };
}

/**
 * Where the keys of a TOML document are written, for the parser keeps no positions of values. Meant to run
 * first: it reads on over what the parser will refuse, but as far as that accepts the text both see the
 * same, so depth and count are judged here before the parser builds anything. Throws ConfigFault.
 */
export function tomlPlaces(text: string, positionAt: (offset: number) => Position): Place {
  return asPlace(tomlNodes(text, positionAt));
}

/** The same, with where each value begins and ends. Throws ConfigFault. */
export function tomlNodes(text: string, positionAt: (offset: number) => Position): TomlNode {
  return new PlaceScanner(text, positionAt).scan();
}

function asPlace({ at, inside }: TomlNode): Place {
  return place(at, () => new Map([...(inside ?? [])].map(([key, child]) => [key, asPlace(child)])));
}

interface KeyPart {
  readonly name: string;
  readonly at: number;
  readonly end: number;
}

class PlaceScanner {
  readonly #text: string;
  readonly #positionAt: (offset: number) => Position;
  #at = 0;
  #left = MAX_CONFIG_VALUES;

  constructor(text: string, positionAt: (offset: number) => Position) {
    this.#text = text;
    this.#positionAt = positionAt;
  }

  scan(): TomlNode {
    const root = node(0);
    let table = root;
    let depth = 0;
    for (this.#skipBlank(); this.#at < this.#text.length; this.#skipBlank()) {
      if (this.#text[this.#at] === '[') [table, depth] = this.#header(root);
      else this.#keyValue(table, depth);
    }
    return root;
  }

  #header(root: TomlNode): readonly [TomlNode, number] {
    const start = this.#at;
    const isArray = this.#text.startsWith('[[', start);
    this.#at += isArray ? 2 : 1;
    const key = this.#key(0);
    this.#at += isArray ? 2 : 1;
    let here = root;
    for (const [index, { name }] of key.entries()) {
      here = this.#child(here, name, start);
      if (isArray && index === key.length - 1) {
        here.isArrayOfTables = true;
        this.#child(here, here.inside?.size ?? 0, start);
      }
      if (here.isArrayOfTables && here.inside !== null) here = here.inside.get(here.inside.size - 1) ?? here;
    }
    return [here, key.length];
  }

  #keyValue(table: TomlNode, depth: number): void {
    let here = table;
    const key = this.#key(depth);
    for (const { name, at } of key) here = this.#child(here, name, at);
    this.#at += 1;
    const value = this.#value(here, depth + key.length);
    const last = key.at(-1);
    if (last === undefined) return;
    here.written = { ...value, from: key[0]?.at ?? last.at, keyStart: last.at, keyEnd: last.end };
  }

  /** A dotted key; ends on the `=` or `]` behind it. */
  #key(depth: number): readonly KeyPart[] {
    const parts: KeyPart[] = [];
    while (this.#at < this.#text.length) {
      this.#skip(/[ \t]*/y);
      const at = this.#at;
      const isQuoted = this.#text[at] === '"' || this.#text[at] === "'";
      if (isQuoted) this.#string();
      else this.#skip(/[^\s.=\]]*/y);
      const written = this.#text.slice(at, this.#at);
      this.#bound(depth + parts.length, at);
      parts.push({ name: isQuoted ? unquoted(written) : written, at, end: this.#at });
      this.#skip(/[ \t]*/y);
      if (this.#text[this.#at] !== '.') break;
      this.#at += 1;
    }
    return parts;
  }

  #value(owner: TomlNode, depth: number): Pick<WrittenValue, 'kind' | 'start' | 'end'> {
    this.#bound(depth, this.#at);
    this.#skip(/[ \t]*/y);
    const start = this.#at;
    const first = this.#text[start];
    if (first === '"' || first === "'") this.#string();
    else if (first === '[') this.#list(owner, depth);
    else if (first === '{') this.#inlineTable(owner, depth);
    else this.#skip(/[^,\]}#\r\n]*/y);
    const kind = first === '[' ? 'list' : first === '{' ? 'map' : 'scalar';
    return { kind, start, end: this.#at };
  }

  #list(owner: TomlNode, depth: number): void {
    this.#at += 1;
    for (let index = 0; this.#more(']'); index += 1) {
      const start = this.#at;
      const item = this.#child(owner, index, start);
      const value = this.#value(item, depth + 1);
      item.written = { ...value, from: value.start, keyStart: value.start, keyEnd: null };
      // A value without text is no TOML; step over it rather than wait there.
      if (this.#at === start) this.#at += 1;
    }
  }

  #inlineTable(owner: TomlNode, depth: number): void {
    this.#at += 1;
    while (this.#more('}')) this.#keyValue(owner, depth);
  }

  /** Past blanks, comments and a comma; false, and past the closer, where the collection ends. */
  #more(closer: string): boolean {
    this.#skipBlank();
    if (this.#text[this.#at] === ',') {
      this.#at += 1;
      this.#skipBlank();
    }
    if (this.#at >= this.#text.length) return false;
    if (this.#text[this.#at] !== closer) return true;
    this.#at += 1;
    return false;
  }

  #child(parent: TomlNode, key: string | number, at: number): TomlNode {
    parent.inside ??= new Map();
    const known = parent.inside.get(key);
    if (known !== undefined) return known;
    this.#left -= 1;
    if (this.#left < 0) throw new ConfigFault(tooManyValues(this.#positionAt(at)));
    const child = node(at);
    parent.inside.set(key, child);
    return child;
  }

  #bound(depth: number, at: number): void {
    if (depth > MAX_CONFIG_DEPTH) throw new ConfigFault(tooDeep(this.#positionAt(at)));
  }

  #string(): void {
    const quote = this.#text[this.#at] ?? '';
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const closer = isLong ? quote.repeat(3) : quote;
    this.#at += closer.length;
    let end = this.#text.indexOf(closer, this.#at);
    while (quote === '"' && end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf(closer, end + 1);
    this.#at = end === -1 ? this.#text.length : end + closer.length;
    // A long string may end with two quotes of its own before the closing three.
    if (isLong) this.#at += /^["']{0,2}/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0].length ?? 0;
  }

  #isEscaped(at: number): boolean {
    let before = at;
    while (this.#text[before - 1] === '\\') before -= 1;
    return (at - before) % 2 === 1;
  }

  #skipBlank(): void {
    for (;;) {
      this.#skip(/[\s\ufeff]*/y);
      if (this.#text[this.#at] !== '#') return;
      this.#skip(/[^\n]*/y);
    }
  }

  /** Over what matches here; every pattern matches the empty text, too. */
  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex;
  }
}

/** A quoted key is written as a string is, so the parser itself reads it; what it refuses stays as written. */
function unquoted(written: string): string {
  try {
    const { key } = parse(`key = ${written}`);
    return typeof key === 'string' ? key : written;
  } catch (error) {
    if (error instanceof TomlError) return written;
    throw error;
  }
}
