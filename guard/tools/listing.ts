import { type ReadTools, readTools, type Tool } from './tool.ts';

/** The tools of a server as one or more pages of `tools/list` give them. */
export class Listing {
  readonly #tools = new Map<string, Tool>();
  /** Names that cannot be decided on: of two definitions, or of one beyond limits. */
  readonly #unusable = new Set<string>();

  /** Adds the result of one page, and answers what was in it. */
  add(result: unknown): ReadTools {
    const page = readTools(result);
    for (const tool of page.tools) {
      const before = this.#tools.get(tool.name);
      if (before !== undefined && before.digest !== tool.digest) this.#unusable.add(tool.name);
      this.#tools.set(tool.name, tool);
    }
    for (const { kind, name } of page.faults)
      if (name !== null && kind !== 'duplicate') this.#unusable.add(name);
    return page;
  }

  get tools(): readonly Tool[] {
    return [...this.#tools.values()];
  }

  get(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  isUnusable(name: string): boolean {
    return this.#unusable.has(name);
  }
}
