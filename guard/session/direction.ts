import type { Readable } from 'node:stream';
import { type LinePart, LineReader } from '../frames/line-reader.ts';

/** Handles one part; what it gives back is waited for before the next part is handled or read. */
export type PartHandler = (part: LinePart) => Promise<void> | null;

/**
 * One direction of a session: lines in the order in which they came, handled one after the other. While a part is
 * waited for, the stream is paused, so that who writes too fast is held back and nothing piles up here.
 */
export class Direction {
  readonly #source: Readable;
  readonly #reader: LineReader;
  readonly #handle: PartHandler;
  readonly #waiting: LinePart[] = [];
  readonly #onIdle: (() => void)[] = [];
  readonly #onHandled: (bytes: number) => void;
  #busy = false;
  /** Bytes that came since all was handled. */
  #unhandled = 0;
  /** In the middle of a line that is given in pieces. */
  #isInside = false;

  /**
   * `limit` is the bytes of a line that are held back until it is whole. `onHandled` is told of the bytes that came
   * whenever all of them were handled and none is held back.
   */
  constructor(
    source: Readable,
    limit: number,
    handle: PartHandler,
    onHandled: (bytes: number) => void = () => {},
  ) {
    this.#source = source;
    this.#reader = new LineReader(limit);
    this.#handle = handle;
    this.#onHandled = onHandled;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** Resolves when the stream has ended and all of it was handled; a last line without newline counts. */
  async ended(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#source.readableEnded || this.#source.destroyed) resolve();
      this.#source.once('end', resolve);
      this.#source.once('close', resolve);
      this.#source.once('error', () => resolve());
    });
    const rest = this.#reader.end();
    if (rest !== null) this.#waiting.push({ kind: 'line', bytes: rest });
    if (!this.#busy) this.#run();
    if (this.#busy) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #take(chunk: Buffer): void {
    this.#unhandled += chunk.length;
    this.#waiting.push(...this.#reader.push(chunk));
    if (!this.#busy) this.#run();
  }

  #run(): void {
    for (let part = this.#waiting.shift(); part !== undefined; part = this.#waiting.shift()) {
      this.#isInside = part.kind === 'head' || (part.kind === 'more' && !part.last);
      const pending = this.#handle(part);
      if (pending === null) continue;
      this.#busy = true;
      this.#source.pause();
      void pending.finally(() => {
        this.#busy = false;
        this.#run();
        if (!this.#busy) this.#source.resume();
      });
      return;
    }
    if (!this.#isInside && this.#reader.held === 0) {
      const bytes = this.#unhandled;
      this.#unhandled = 0;
      this.#onHandled(bytes);
    }
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
