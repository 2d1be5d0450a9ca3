const LINE_FEED = 0x0a;

/**
 * Longest line that is read, in bytes. Arguments and environment of an exec have 1 MiB on macOS (ARG_MAX), and JSON
 * writes one byte in six characters at worst.
 */
export const MAX_LINE_BYTES = 8_388_608;

/** Cuts a stream of bytes into lines, however the pipe cuts it. At most MAX_LINE_BYTES wait for their end. */
export class LineReader {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the line so far; over the limit only their number is kept. */
  #length = 0;

  /** Takes the next bytes and yields each whole line; null stands for one over the limit. Iterate to the end. */
  *push(chunk: Buffer): Generator<string | null, void, undefined> {
    let at = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, at)) {
      yield this.#end(chunk.subarray(at, end));
      at = end + 1;
    }
    this.#keep(chunk.subarray(at));
  }

  /** Whether a line has begun that has no end yet. */
  get unfinished(): boolean {
    return this.#length > 0;
  }

  #end(bytes: Buffer): string | null {
    this.#keep(bytes);
    const line = this.#length > MAX_LINE_BYTES ? null : this.#rest.toString('utf8', 0, this.#length);
    this.#rest = Buffer.alloc(0);
    this.#length = 0;
    return line;
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > MAX_LINE_BYTES) this.#rest = Buffer.alloc(0);
    else {
      if (length > this.#rest.length) this.#grow(Math.max(length, this.#rest.length * 2));
      bytes.copy(this.#rest, this.#length);
    }
    this.#length = length;
  }

  #grow(size: number): void {
    const larger = Buffer.alloc(Math.min(size, MAX_LINE_BYTES));
    this.#rest.copy(larger);
    this.#rest = larger;
  }
}
