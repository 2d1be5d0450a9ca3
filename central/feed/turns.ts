/** Lets one task run at a time, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Waiting that others can cut short. */
export class Pause {
  #woken = false;
  #ended = false;
  #wake: () => void = () => undefined;
  #end: () => void = () => undefined;

  /** Forgets wakes so far. */
  begin(): void {
    this.#woken = false;
  }

  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Ends this pause and all later ones that wait for an end. */
  end(): void {
    this.#ended = true;
    this.wake();
    this.#end();
  }

  /** Until there was a wake since `begin`, or for so many milliseconds. */
  async untilWoken(milliseconds: number | null): Promise<void> {
    if (this.#woken) return;
    await this.#wait(milliseconds, (resume) => {
      this.#wake = resume;
    });
  }

  /** For so many milliseconds, unless it is ended. */
  async untilEnded(milliseconds: number): Promise<void> {
    if (this.#ended) return;
    await this.#wait(milliseconds, (resume) => {
      this.#end = resume;
    });
  }

  async #wait(milliseconds: number | null, arm: (resume: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(resolve, milliseconds);
      arm(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
