import { readSync } from 'node:fs';
import { MAX_RECORD_BYTES, RECORD_END } from '../../wire/index.ts';

/** Bytes read at once; a record always fits. */
const READ_BYTES = 2 * MAX_RECORD_BYTES;

/** Where reading goes on. */
export interface JournalCursor {
  readonly offset: number;
  /** What lies there is still part of a line that was too long. */
  readonly skipping: boolean;
}

/** A whole line. */
export interface JournalLine {
  /** Without its end; null where it is too long. */
  readonly text: string | null;
  /** Offset at which it begins. */
  readonly begin: number;
}

export interface JournalLines {
  readonly lines: readonly JournalLine[];
  /** The last line is too long already, and has no end yet. */
  readonly tooLong: boolean;
  /** Behind what was read. */
  readonly next: JournalCursor;
  /** Something lies behind that can be read at once. */
  readonly more: boolean;
  /** Bytes behind `next` that are part of a line, or not looked at. */
  readonly rest: number;
}

/** Reads journal files by whole lines, from an offset on. */
export class LineReader {
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);

  /** Reads at most `maxLines` lines. Part of a line at the end is left until the rest is there. */
  read(fd: number, { offset, skipping: within }: JournalCursor, maxLines: number): JournalLines {
    const read = this.#buffer.subarray(0, readSync(fd, this.#buffer, 0, READ_BYTES, offset));
    const lines: JournalLine[] = [];
    let skipping = within;
    let at = 0;
    for (let end = read.indexOf(RECORD_END); end >= 0; end = read.indexOf(RECORD_END, at)) {
      if (lines.length === maxLines) break;
      const fits = end - at < MAX_RECORD_BYTES;
      if (!skipping) lines.push({ text: fits ? read.toString('utf8', at, end) : null, begin: offset + at });
      skipping = false;
      at = end + 1;
    }
    const full = lines.length === maxLines;
    const tooLong = !full && !skipping && read.length - at >= MAX_RECORD_BYTES;
    if (skipping || tooLong) at = read.length;
    return {
      lines,
      tooLong,
      next: { offset: offset + at, skipping: skipping || tooLong },
      more: full || read.length === READ_BYTES,
      rest: read.length - at,
    };
  }
}
