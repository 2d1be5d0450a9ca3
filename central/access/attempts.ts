/** Addresses remembered; beyond that the oldest is forgotten. */
const MAX_KNOWN_ADDRESSES = 10_000;

/** How often one address may do something. */
export interface AttemptLimits {
  /** Times within the window before the address is made to wait. */
  readonly count: number;
  /** Milliseconds from the first time on, after which all are forgotten. */
  readonly windowMs: number;
}

interface Attempts {
  readonly since: number;
  count: number;
}

/** Counts what is done too often, by address: credentials that do not hold, logins that are begun. */
export class AttemptsByAddress {
  readonly #limits: AttemptLimits;
  readonly #clock: () => number;
  readonly #byAddress = new Map<string, Attempts>();

  constructor(limits: AttemptLimits, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Milliseconds that an address has to wait; 0 for none. */
  wait(address: string): number {
    const attempts = this.#of(address);
    if (attempts === undefined || attempts.count < this.#limits.count) return 0;
    return Math.max(1, attempts.since + this.#limits.windowMs - this.#clock());
  }

  /** Notes an attempt. Answers whether it is the first of its window, which is what the audit log is told. */
  note(address: string): boolean {
    const attempts = this.#of(address);
    if (attempts !== undefined) {
      attempts.count += 1;
      return false;
    }
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size >= MAX_KNOWN_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
    this.#byAddress.set(address, { since: this.#clock(), count: 1 });
    return true;
  }

  #of(address: string): Attempts | undefined {
    const attempts = this.#byAddress.get(address);
    // A clock that is set back must not make anybody wait longer.
    if (attempts === undefined || Math.abs(this.#clock() - attempts.since) < this.#limits.windowMs)
      return attempts;
    this.#byAddress.delete(address);
    return undefined;
  }
}
