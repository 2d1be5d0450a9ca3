/** Lets one caller after the other in. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Waits for a turn. Answers what ends it, which may be called again without harm. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }

  /** Does something in a turn of its own. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    const end = await this.take();
    try {
      return await work();
    } finally {
      end();
    }
  }
}
