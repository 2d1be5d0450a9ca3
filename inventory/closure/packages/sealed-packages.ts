import { sep } from 'node:path';
import type { ArtefactSet } from '../artefacts.ts';

/** The package trees of one closure: each directory once, and none inside another. */
export class SealedPackages {
  readonly #set: ArtefactSet;
  readonly #directories = new Set<string>();
  readonly #labels = new Map<string, number>();

  constructor(set: ArtefactSet) {
    this.#set = set;
  }

  /**
   * Adds a directory, by its real path, under a label that tells nothing of the host. A second directory of one label gets a
   * number, so that two copies which change places are a change.
   */
  add(label: string, directory: string): void {
    if (this.#holds(directory)) return;
    this.#directories.add(directory);
    const count = (this.#labels.get(label) ?? 0) + 1;
    this.#labels.set(label, count);
    this.#set.addPackage(count === 1 ? label : `${label}#${count}`, directory);
  }

  /** Whether the directory or one above it is there; asked for every package of every server. */
  #holds(directory: string): boolean {
    for (let end = directory.length; end > 0; end = directory.lastIndexOf(sep, end - 1)) {
      if (this.#directories.has(directory.slice(0, end))) return true;
    }
    return false;
  }
}
