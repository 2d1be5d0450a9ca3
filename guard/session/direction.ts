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
  #busy = false;

  /** `limit` is the bytes of a line that are held back until it is whole. */
  constructor(source: Readable, limit: number, handle: PartHandler) {
    this.#source = source;
    this.#reader = new LineReader(limit);
    this.#handle = handle;
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
    this.#waiting.push(...this.#reader.push(chunk));
    if (!this.#busy) this.#run();
  }

  #run(): void {
    for (let part = this.#waiting.shift(); part !== undefined; part = this.#waiting.shift()) {
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
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
