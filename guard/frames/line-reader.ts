const LINE_FEED = 0x0a;

/** What a reader of lines makes of the bytes that came. */
export type LinePart =
  /** A whole line with its newline, as it came. */
  | { readonly kind: 'line'; readonly bytes: Buffer }
  /** The beginning of a line that is not over and is longer than is held back. */
  | { readonly kind: 'head'; readonly bytes: Buffer }
  /** More of a line whose head was given. */
  | { readonly kind: 'more'; readonly bytes: Buffer; readonly last: boolean };

/**
 * Cuts a stream into lines (MCP 2025-11-25, stdio transport: messages are delimited by newlines) without changing a
 * byte. A line is held back until it is whole or longer than `limit` bytes; past that it is given in pieces.
 */
export class LineReader {
  readonly #limit: number;
  #held: Buffer[] = [];
  #size = 0;
  #inLong = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of a line that is not over. */
  get held(): number {
    return this.#size;
  }

  push(chunk: Buffer): readonly LinePart[] {
    const parts: LinePart[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const end = rest.indexOf(LINE_FEED);
      const piece = end < 0 ? rest : rest.subarray(0, end + 1);
      this.#take(piece, end >= 0, parts);
      rest = rest.subarray(piece.length);
    }
    return parts;
  }

  /** What is left when the stream ends: a line without its newline. */
  end(): Buffer | null {
    if (this.#size === 0) return null;
    return this.#joined();
  }

  #take(piece: Buffer, last: boolean, parts: LinePart[]): void {
    if (this.#inLong) {
      parts.push({ kind: 'more', bytes: piece, last });
      this.#inLong = !last;
      return;
    }
    this.#held.push(piece);
    this.#size += piece.length;
    if (last) parts.push({ kind: 'line', bytes: this.#joined() });
    else if (this.#size > this.#limit) {
      parts.push({ kind: 'head', bytes: this.#joined() });
      this.#inLong = true;
    }
  }

  #joined(): Buffer {
    const [only] = this.#held;
    const bytes = this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#size = 0;
    return bytes;
  }
}
