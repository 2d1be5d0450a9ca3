/** Levels of nesting that are read; the definition of a tool that counts has 64. */
export const MAX_DEPTH = 256;

/** Bytes of the signs of JSON. */
const SIGN = {
  quote: 0x22,
  backslash: 0x5c,
  comma: 0x2c,
  colon: 0x3a,
  openObject: 0x7b,
  closeObject: 0x7d,
  openList: 0x5b,
  closeList: 0x5d,
} as const;

/** Members as MCP spells them, of what a reader that ignores case would take for them. */
const SPELLINGS: Readonly<Record<'answer' | 'result' | 'tool', readonly string[]>> = {
  answer: ['jsonrpc', 'id', 'result', 'error'],
  result: ['tools', 'nextCursor'],
  tool: ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'],
};

/** Bytes from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface AnswerScan {
  /** Where the entries of `result.tools` stand. */
  readonly entries: readonly Span[];
  /** Whether two readers may find different tools in it. */
  readonly ambiguous: boolean;
}

/** What a level of nesting is: the answer itself, its result, one tool, the list of tools, or anything else. */
type Role = keyof typeof SPELLINGS | 'tools' | 'other';

interface Level {
  readonly role: Role;
  /** Keys that were found; null for a list. */
  readonly keys: Set<string> | null;
  /** The key whose value comes next. */
  key: string;
  /** Where the entry of a list that is being read begins; negative between two. */
  start: number;
}

/**
 * Finds where the tools stand in the bytes of an answer to `tools/list`, which must be JSON (RFC 8259). Keys that stand
 * twice in one object, keys of the answer that differ from one another by case only, and deeper nesting than anybody reads
 * make it ambiguous. The time it takes grows with the length alone.
 */
export class AnswerScanner {
  readonly #bytes: Buffer;
  readonly #levels: Level[] = [];
  readonly #entries: Span[] = [];
  #ambiguous = false;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  scan(): AnswerScan {
    for (; this.#at < this.#bytes.length && !this.#ambiguous; this.#at += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      if (byte === SIGN.closeObject || byte === SIGN.closeList) this.#leave();
      else if (byte === SIGN.comma) this.#endEntry();
      else if (byte > 0x20 && byte !== SIGN.colon) this.#token(byte);
    }
    return { entries: this.#entries, ambiguous: this.#ambiguous };
  }

  #token(byte: number): void {
    const level = this.#levels.at(-1);
    if (level?.keys === null && level.start < 0) level.start = this.#at;
    if (byte === SIGN.openObject || byte === SIGN.openList) this.#enter(byte === SIGN.openObject);
    else if (byte === SIGN.quote) this.#string(level);
  }

  #enter(isObject: boolean): void {
    if (this.#levels.length >= MAX_DEPTH) {
      this.#ambiguous = true;
      return;
    }
    const role = this.#roleOf(isObject);
    this.#levels.push({ role, keys: isObject ? new Set() : null, key: '', start: -1 });
  }

  #roleOf(isObject: boolean): Role {
    const parent = this.#levels.at(-1);
    if (parent === undefined) return isObject ? 'answer' : 'other';
    if (parent.role === 'answer') return isObject && parent.key === 'result' ? 'result' : 'other';
    if (parent.role === 'result') return !isObject && parent.key === 'tools' ? 'tools' : 'other';
    return parent.role === 'tools' && isObject ? 'tool' : 'other';
  }

  #leave(): void {
    this.#endEntry();
    this.#levels.pop();
  }

  /** An entry of the list of tools ends where its last byte stood, not at the comma. */
  #endEntry(): void {
    const level = this.#levels.at(-1);
    if (level === undefined || level.start < 0) return;
    if (level.role === 'tools') {
      let end = this.#at;
      while (end > level.start && (this.#bytes[end - 1] ?? 0) <= 0x20) end -= 1;
      this.#entries.push({ start: level.start, end });
    }
    level.start = -1;
  }

  #string(level: Level | undefined): void {
    const start = this.#at;
    let at = start + 1;
    for (; at < this.#bytes.length && this.#bytes[at] !== SIGN.quote; at += 1)
      if (this.#bytes[at] === SIGN.backslash) at += 1;
    this.#at = at;
    if (level?.keys && this.#isKey(at + 1)) this.#key(level, level.keys, start, at + 1);
  }

  /** Whether a colon comes next. */
  #isKey(after: number): boolean {
    let at = after;
    while ((this.#bytes[at] ?? SIGN.colon) <= 0x20) at += 1;
    return this.#bytes[at] === SIGN.colon;
  }

  #key(level: Level, keys: Set<string>, start: number, end: number): void {
    const key: unknown = JSON.parse(this.#bytes.toString('utf8', start, end));
    level.key = String(key);
    const { role } = level;
    const decides = role !== 'other' && role !== 'tools';
    const folded = decides ? foldedKey(level.key) : level.key;
    if (keys.has(folded) || (decides && isByCase(role, level.key))) this.#ambiguous = true;
    keys.add(folded);
  }
}

/** Whether a key of an answer, its result or a tool is taken for one that counts although it is spelt otherwise. */
export function isByCase(role: keyof typeof SPELLINGS, key: string): boolean {
  const folded = foldedKey(key);
  return SPELLINGS[role].some((exact) => exact !== key && exact.toLowerCase() === folded);
}

/** A key as readers take it that ignore case (Go's encoding/json folds as Unicode does). */
function foldedKey(key: string): string {
  return key.normalize('NFKC').toLowerCase();
}
