import { type BigIntStats, realpathSync } from 'node:fs';
import { followLinks } from '../../config/read.ts';
import { systemCode } from '../../errors.ts';
import type { HashCache } from './hash-cache.ts';
import { hashFile } from './hash-file.ts';
import { hashTree, type PackageTree } from './package-tree.ts';

/** What lies at a path. `links` are the symlinks on the way, the path itself first. */
export type FileFact =
  | {
      readonly kind: 'file';
      readonly links: readonly string[];
      readonly realPath: string;
      readonly stat: BigIntStats;
      readonly sha256: string;
    }
  | { readonly kind: 'refused'; readonly links: readonly string[]; readonly reason: string };

/**
 * What one scan learnt of files: many servers share an interpreter or a package, and each is looked at once,
 * so that all of them are told of the same moment.
 */
export class FileFacts {
  readonly #cache: HashCache;
  readonly #files = new Map<string, FileFact>();
  readonly #trees = new Map<string, PackageTree | { readonly reason: string }>();

  constructor(cache: HashCache) {
    this.#cache = cache;
  }

  /** A reason reads on from the artefact's role: "script is not a regular file". */
  file(path: string): FileFact {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const fact = this.#look(path);
    this.#files.set(path, fact);
    return fact;
  }

  tree(directory: string): PackageTree | { readonly reason: string } {
    const known = this.#trees.get(directory);
    if (known !== undefined) return known;
    const tree = hashTree(directory, this.#cache);
    this.#trees.set(directory, tree);
    return tree;
  }

  #look(path: string): FileFact {
    const links = followLinks(path);
    try {
      const realPath = realpathSync.native(path);
      const hashed = hashFile(realPath, this.#cache);
      if ('reason' in hashed) return { kind: 'refused', links, reason: `is ${hashed.reason}` };
      return { kind: 'file', links, realPath, ...hashed };
    } catch (error) {
      return { kind: 'refused', links, reason: `cannot be read: ${systemCode(error) || 'unknown error'}` };
    }
  }
}
