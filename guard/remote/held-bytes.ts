import { GuardError } from '../errors.ts';

/** Counts the bytes that are kept of messages that are not whole, over all streams of a session. */
export class HeldBytes {
  readonly #limit: number;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Replaces what one stream holds. @throws {GuardError} `GUARD_REMOTE_LIMIT` */
  change(before: number, after: number): void {
    this.#total += after - before;
    if (after > before && this.#total > this.#limit)
      throw new GuardError(
        'GUARD_REMOTE_LIMIT',
        `the server's unfinished messages are over ${this.#limit} bytes together`,
      );
  }
}
