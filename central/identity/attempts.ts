import { AttemptsByAddress } from '../access/attempts.ts';

/** Milliseconds of a window in which attempts are counted. */
const WINDOW_MS = 60_000;
/** Requests of one client in a window: a whole site may be behind one address. */
const MAX_REQUESTS = 600;
/** Refused requests of one client in a window. */
const MAX_REFUSED = 30;

/** Limits how often one client, an address or an agent, asks for certificates, and how often in vain. */
export class Attempts {
  readonly #requests: AttemptsByAddress;
  readonly #refused: AttemptsByAddress;

  constructor(clock: () => number) {
    this.#requests = new AttemptsByAddress({ count: MAX_REQUESTS, windowMs: WINDOW_MS }, clock);
    this.#refused = new AttemptsByAddress({ count: MAX_REFUSED, windowMs: WINDOW_MS }, clock);
  }

  /** Counts a request; false where the client has to wait. */
  allows(client: string): boolean {
    const mustWait = this.#requests.wait(client) > 0 || this.#refused.wait(client) > 0;
    this.#requests.note(client);
    return !mustWait;
  }

  refused(client: string): void {
    this.#refused.note(client);
  }
}
