/** Destinations remembered without asking the database again; beyond, none is new any more. */
const MAX_KNOWN = 20_000;

/** Where a server connects to. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Tells a destination that a server connects to for the first time. */
export class Destinations {
  readonly #known = new Set<string>();
  readonly #isNew: (key: string) => boolean;

  /** `isNew` asks what is kept across restarts, and keeps it. */
  constructor(isNew: (key: string) => boolean) {
    this.#isNew = isNew;
  }

  first(serverId: string, { address, port }: Place): boolean {
    const key = `destination:${serverId}:${address}:${port}`;
    if (this.#known.has(key) || this.#known.size >= MAX_KNOWN) return false;
    this.#known.add(key);
    return this.#isNew(key);
  }
}
