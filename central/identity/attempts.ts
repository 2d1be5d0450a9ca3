/** Milliseconds of a window in which attempts are counted. */
const WINDOW_MS = 60_000;
/** Requests of one client in a window: a whole site may be behind one address. */
const MAX_REQUESTS = 600;
/** Refused requests of one client in a window. */
const MAX_REFUSED = 30;
/** Clients that are counted at once; past it the oldest is forgotten. */
const MAX_COUNTED = 10_000;

interface Count {
  readonly since: number;
  requests: number;
  refused: number;
}

/** Limits how often one client, an address or an agent, asks for certificates, and how often in vain. */
export class Attempts {
  readonly #clock: () => number;
  readonly #counts = new Map<string, Count>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Counts a request; false where the client has to wait. */
  allows(client: string): boolean {
    const count = this.#of(client);
    count.requests += 1;
    return count.requests <= MAX_REQUESTS && count.refused < MAX_REFUSED;
  }

  refused(client: string): void {
    this.#of(client).refused += 1;
  }

  #of(client: string): Count {
    const now = this.#clock();
    const known = this.#counts.get(client);
    if (known !== undefined && Math.abs(now - known.since) < WINDOW_MS) return known;
    this.#counts.delete(client);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size >= MAX_COUNTED && oldest !== undefined) this.#counts.delete(oldest);
    const fresh = { since: now, requests: 0, refused: 0 };
    this.#counts.set(client, fresh);
    return fresh;
  }
}
