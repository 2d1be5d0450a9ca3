import type { EntryName, KeptManifests } from './kept-manifests.ts';
import type { Listing } from './listing.ts';
import { compareTools, type ManifestTool, manifestTool, type ToolChange } from './manifest.ts';

/**
 * Milliseconds after the first list under an approval in which further tools belong to it: some servers add tools once
 * they know what the client can do. None may change its definition meanwhile.
 */
const LEARN_MS = 60_000;

/** A server and the approval that its tools are held to. */
export interface Holding {
  /** Id of the server; null where it has none, and nothing is kept. */
  readonly server: string | null;
  readonly entry: EntryName;
  /** The approval and the closure: under others everything begins anew. */
  readonly under: string;
}

/** The definitions that were seen first under an approval, which a server is held to where its policy lists no tools. */
export class Baseline {
  readonly under: string;
  readonly #holding: Holding;
  readonly #manifests: KeptManifests;
  /** Null until the server has given its tools once. */
  #tools: ReadonlyMap<string, ManifestTool> | null;
  /** Until when tools are added; null where it was complete before. */
  #learnsUntil: number | null = null;

  constructor(holding: Holding, manifests: KeptManifests) {
    this.#holding = holding;
    this.#manifests = manifests;
    this.under = holding.under;
    const kept = holding.server === null ? null : manifests.read(holding.server, holding.under);
    this.#tools = kept === null ? null : new Map(kept.map((tool) => [tool.name, tool]));
  }

  has(name: string): boolean {
    return this.#tools?.has(name) === true;
  }

  /** Whether a definition is what was seen first. `now` is of a clock in milliseconds that is never set. */
  holds(name: string, digest: string | null, now: number): boolean {
    if (this.#tools === null) return true;
    const seen = this.#tools.get(name);
    return seen === undefined ? digest !== null && this.#learns(now) : seen.digest === digest;
  }

  /**
   * Takes a whole list: what differs from what was seen first. `keepsFirst` says that this stays so; else what was told
   * once is what is compared with from now on.
   */
  take(listing: Listing, now: number, keepsFirst: boolean): readonly ToolChange[] {
    const before = this.#tools;
    const digests = before === null ? null : new Map([...before].map(([name, { digest }]) => [name, digest]));
    const changes = compareTools(digests, listing.tools, true);
    if (changes.length === 0) return changes;
    const listed = new Map(listing.tools.map((tool) => [tool.name, manifestTool(tool)]));
    if (before === null) this.#learnsUntil = now + LEARN_MS;
    if (before === null || !keepsFirst) this.#keep(listed);
    else if (this.#learns(now)) this.#keep(new Map([...listed, ...before]));
    return changes;
  }

  #learns(now: number): boolean {
    return this.#learnsUntil !== null && now < this.#learnsUntil;
  }

  #keep(tools: ReadonlyMap<string, ManifestTool>): void {
    this.#tools = tools;
    const { server, entry, under } = this.#holding;
    // Where it cannot be kept, the next session is the first again.
    if (server !== null) this.#manifests.write(server, under, [...tools.values()], entry);
  }
}
