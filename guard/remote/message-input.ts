import { Writable } from 'node:stream';
import { LineReader } from '../frames/line-reader.ts';

/** Takes the client's lines, one after the other. */
export interface LineTaker {
  /** Resolves when the next may come. Never throws. */
  take(line: Buffer): Promise<void>;
  /** A line is longer than is taken; it was dropped. */
  tooLong(): void;
  /** No more comes. */
  end(): Promise<void>;
}

/** The stream into which a session writes lines. Who writes is held back while a line is being taken. */
export class MessageInput {
  readonly stream: Writable;
  readonly #taker: LineTaker;
  readonly #limit: number;
  readonly #reader: LineReader;

  /** `limit` is the bytes of one line. */
  constructor(limit: number, taker: LineTaker) {
    this.#taker = taker;
    this.#limit = limit;
    this.#reader = new LineReader(limit);
    this.stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => void this.#push(chunk).then(() => done()),
      final: (done) => void this.#end().then(() => done()),
    });
  }

  async #push(chunk: Buffer): Promise<void> {
    for (const part of this.#reader.push(chunk)) {
      if (part.kind === 'line' && part.bytes.length <= this.#limit) await this.#taker.take(part.bytes);
      else if (part.kind !== 'more') this.#taker.tooLong();
    }
  }

  async #end(): Promise<void> {
    const rest = this.#reader.end();
    if (rest !== null) await this.#taker.take(rest);
    await this.#taker.end();
  }
}
