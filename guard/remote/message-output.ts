import { Readable } from 'node:stream';

/** The lines that a session reads. Who puts one in waits while the reader is slower. */
export class MessageOutput {
  readonly stream: Readable;
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor() {
    const release = () => this.#release();
    this.stream = new Readable({
      read: release,
      destroy: (error, done) => {
        release();
        done(error);
      },
    });
  }

  /** Resolves when more can be taken, or nothing ever will. */
  async put(line: Buffer): Promise<void> {
    if (this.#ended || this.stream.destroyed || this.stream.push(line)) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stream.push(null);
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
