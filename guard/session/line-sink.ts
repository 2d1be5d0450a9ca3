import type { Writable } from 'node:stream';

/**
 * One end of a session: bytes of the other side pass through, and lines of the guard's own are put between them, never
 * into the middle of a message.
 */
export class LineSink {
  readonly #output: Writable;
  /** In the middle of a message that is passed in pieces. */
  #inside = false;
  #waiting: Buffer[] = [];

  constructor(output: Writable) {
    this.#output = output;
  }

  /** Passes bytes on. False where the reader is slower than the writer: then `drained` says when to go on. */
  pass(bytes: Buffer, ends: boolean): boolean {
    this.#inside = !ends;
    let free = this.#output.write(bytes);
    if (ends && this.#waiting.length > 0) {
      for (const line of this.#waiting.splice(0)) free = this.#output.write(line);
    }
    return free;
  }

  /** Puts a whole line of the guard's own in, now or after the message that is being passed. */
  insert(line: Buffer): void {
    if (this.#inside) this.#waiting.push(line);
    else this.#output.write(line);
  }

  /** Resolves when more can be taken, or nothing ever will. */
  drained(): Promise<void> {
    const output = this.#output;
    if (!output.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        output.off('drain', done);
        output.off('close', done);
        resolve();
      };
      output.on('drain', done);
      output.on('close', done);
    });
  }
}
