import { createReadStream } from 'node:fs';
import { parseEventRecord, RuleError, type RuleEvent } from '../../rules/engine/index.ts';
import { CliError } from '../errors.ts';

/** Bytes of one line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

/** A line of a file. */
export interface TextLine {
  /** 1-based. */
  readonly line: number;
  /** Without its line feed, and the byte order mark of a file; null where it is longer than the limit. */
  readonly text: string | null;
}

/** What a line of an event file holds. */
export type EventLine = { readonly line: number } & (
  | { readonly kind: 'event'; readonly event: RuleEvent }
  | { readonly kind: 'fault'; readonly reason: string }
  | { readonly kind: 'blank' }
);

/**
 * The lines of a file, or of stdin for `-`, with no more than one of them in memory.
 * @throws {CliError} `CLI_FILE_UNREADABLE`
 */
export async function* textLines(path: string): AsyncGenerator<TextLine> {
  const splitter = new LineSplitter();
  try {
    const stream = path === '-' ? process.stdin : createReadStream(path);
    for await (const chunk of stream) yield* splitter.take(chunk);
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} cannot be read`, {
      cause,
      hint: 'name a file of JSON lines that you may read; - is stdin',
    });
  }
  yield* splitter.end();
}

/** What each line of a file of events holds. @throws {CliError} `CLI_FILE_UNREADABLE` */
export async function* eventLines(path: string): AsyncGenerator<EventLine> {
  for await (const line of textLines(path)) yield parseEventLine(line);
}

export function parseEventLine({ line, text }: TextLine): EventLine {
  if (text === null) return { line, kind: 'fault', reason: `is longer than ${MAX_LINE_BYTES} bytes` };
  if (text.trim() === '') return { line, kind: 'blank' };
  try {
    return { line, kind: 'event', event: parseEventRecord(JSON.parse(text)) };
  } catch (error) {
    if (error instanceof SyntaxError) return { line, kind: 'fault', reason: 'is not JSON' };
    if (error instanceof RuleError) return { line, kind: 'fault', reason: `is no event: ${error.message}` };
    throw error;
  }
}

class LineSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  #line = 0;

  /** The lines that end in the chunk. */
  *take(chunk: Buffer): Generator<TextLine> {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, at));
      yield this.#finish();
      start = at + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** The last line, where no newline ends it. */
  *end(): Generator<TextLine> {
    if (this.#bytes > 0) yield this.#finish();
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #finish(): TextLine {
    this.#line += 1;
    const isWhole = this.#bytes <= MAX_LINE_BYTES;
    const text = isWhole ? Buffer.concat(this.#parts).toString('utf8') : null;
    this.#parts = [];
    this.#bytes = 0;
    const hasMark = this.#line === 1 && text?.startsWith('\ufeff') === true;
    return { line: this.#line, text: hasMark ? text.slice(1) : text };
  }
}
