/** Keys remembered of one message; one with more is no JSON-RPC that anybody writes. */
const MAX_KEYS = 256;
/** Bytes of a key that are looked at; JSON-RPC has none so long. */
const MAX_KEY_BYTES = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** A key of a message: of the message itself (`parent` null), or of the object at one of its keys. */
export interface FoundKey {
  readonly parent: string | null;
  readonly name: string;
}

/**
 * Finds the keys of a JSON object and of the objects directly in it, in bytes that may come in pieces (RFC 8259). It
 * checks no grammar: what it says of text that is no JSON means nothing. Keys that stand twice are told twice, which a
 * parser would hide: two readers may take different ones of them.
 */
export class TopLevelKeys {
  readonly found: FoundKey[] = [];
  /** More keys than are remembered. */
  overfull = false;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the string that is being read, where it may be a key; null where it cannot be. */
  #string: number[] | null = null;
  /** The string that was read last, until what follows tells whether it was a key. */
  #last: string | null = null;
  #parent: string | null = null;
  /** Whether the levels above the present one are objects, outermost first. */
  readonly #objects: boolean[] = [];

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) at = this.#text(bytes, at);
      else if (byte === QUOTE) this.#open();
      else if (byte === COLON) this.#colon();
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#enter(byte === OPEN_OBJECT);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#leave();
    }
  }

  /** Whether a key stands in the message itself. */
  has(name: string): boolean {
    return this.found.some((key) => key.parent === null && key.name === name);
  }

  #open(): void {
    this.#inString = true;
    const [message, member] = this.#objects;
    const mayBeKey = message === true && (this.#depth === 1 || (this.#depth === 2 && member === true));
    this.#string = mayBeKey ? [] : null;
    this.#last = null;
  }

  /** Reads on in a string; answers where it stopped. */
  #text(bytes: Uint8Array, start: number): number {
    const string = this.#string;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        if (string !== null) this.#last = decoded(string);
        this.#string = null;
        return at;
      }
      if (string !== null && string.length <= MAX_KEY_BYTES) string.push(byte);
    }
    return bytes.length;
  }

  #colon(): void {
    if (this.#last === null) return;
    const name = this.#last;
    this.#last = null;
    if (this.#depth === 1) this.#parent = name;
    if (this.found.length >= MAX_KEYS) this.overfull = true;
    else this.found.push({ parent: this.#depth === 1 ? null : this.#parent, name });
  }

  #enter(isObject: boolean): void {
    this.#objects[this.#depth] = isObject;
    this.#depth += 1;
    this.#last = null;
  }

  #leave(): void {
    this.#depth = Math.max(0, this.#depth - 1);
    this.#last = null;
  }
}

function decoded(bytes: readonly number[]): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
