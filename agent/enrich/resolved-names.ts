import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at what names stand for. */
const REFRESH_MS = 60_000;
/** Milliseconds that an address counts for a name after it was last given: connections outlive answers. */
const MEMORY_MS = 3_600_000;
/** Milliseconds that are waited for the first answers. */
const FIRST_ANSWER_MS = 2_000;
const MAX_NAMES = 1_000;
const MAX_ADDRESSES = 10_000;

export type Lookup = (name: string) => Promise<readonly string[]>;

/** Addresses that names of policies stand for, since the kernel tells connections by address. */
export class ResolvedNames {
  readonly #lookup: Lookup;
  readonly #now: () => number;
  /** By address: each name with the time at which it was last given. */
  readonly #byAddress = new Map<string, Map<string, number>>();
  #names: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;

  constructor(lookUp: Lookup = bySystem, now: () => number = Date.now) {
    this.#lookup = lookUp;
    this.#now = now;
  }

  /**
   * Follows these names from now on; resolves once new ones were looked up, or after two seconds: a resolver
   * that does not answer holds nothing up. Without names nothing is asked.
   */
  async follow(names: readonly string[]): Promise<void> {
    const wanted = new Set(names.slice(0, MAX_NAMES));
    const fresh = [...wanted].filter((name) => !this.#names.has(name));
    this.#names = wanted;
    if (this.#timer === null && wanted.size > 0) {
      this.#timer = setInterval(() => void this.#refresh([...this.#names]), REFRESH_MS);
      this.#timer.unref();
    }
    if (fresh.length > 0)
      await Promise.race([this.#refresh(fresh), sleep(FIRST_ANSWER_MS, null, { ref: false })]);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Names that stand, or lately stood, for an address. */
  namesOf(address: string): readonly string[] {
    const oldest = this.#now() - MEMORY_MS;
    return [...(this.#byAddress.get(address) ?? [])]
      .filter(([, time]) => time >= oldest)
      .map(([name]) => name);
  }

  async #refresh(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        // A name that cannot be looked up now keeps what it stood for.
        for (const address of await this.#lookup(name).catch(() => [])) this.#note(address, name);
      }),
    );
  }

  #note(address: string, name: string): void {
    const names = this.#byAddress.get(address) ?? new Map<string, number>();
    names.set(name, this.#now());
    this.#byAddress.delete(address);
    this.#byAddress.set(address, names);
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }
}

async function bySystem(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
