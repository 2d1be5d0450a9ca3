import { hash } from 'node:crypto';
import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { systemCode } from '../../errors.ts';
import { MAX_PACKAGE_BYTES, MAX_PACKAGE_DEPTH, MAX_PACKAGE_FILES } from '../../limits.ts';
import { BYTECODE_DIRECTORY, isDerivedBytecode } from './bytecode.ts';
import { type HashCache, isAtRest } from './hash-cache.ts';
import { hashFile } from './hash-file.ts';
import { type FileOwner, TreeRecorder } from './tree-cache.ts';

export interface PackageTree {
  readonly sha256: string;
  /** Of the directory itself. */
  readonly own: FileOwner;
  /** Every distinct owner and mode in it. */
  readonly owners: readonly FileOwner[];
  /** Another one as soon as anything was done to any file or directory of it. */
  readonly version: string;
}

/** What changes by itself and decides nothing. Left out of the digest, but not of the question who may write. */
const LEFT_OUT_DIRECTORIES: Readonly<Record<string, string>> = {
  '.git': 'history and index of a checkout, rewritten by every fetch; what runs is the files beside it',
};

/** Thrown inside the walk only, when a bound is passed. */
class TreeRefused extends Error {}

/**
 * One digest over a directory: the SHA-256 of the sorted lines `relative path \0 sha256 \n`, where a
 * symlink counts by its target. Python's bytecode counts unless it is derived from the source beside it
 * (see bytecode.ts). Answers a reason where it is over a bound or cannot be read.
 */
export function hashTree(root: string, cache: HashCache): PackageTree | { readonly reason: string } {
  const since = Date.now();
  try {
    const known = cache.trees.get(root);
    if (known !== null) return known;
    const walk = new TreeWalk(cache);
    walk.directory(root, '', '', 0, 0);
    const tree = walk.seen.snapshot(root, walk.digest());
    // A tree that was just written to may change again within one tick of the clock.
    if (walk.seen.every((stat) => isAtRest(stat, since))) cache.trees.set(tree);
    return tree;
  } catch (error) {
    if (error instanceof TreeRefused) return { reason: error.message };
    return { reason: `its files cannot be read: ${systemCode(error) || 'unknown error'}` };
  }
}

/** A directory with what its digest is made of, from one walk. */
export interface ListedTree {
  readonly sha256: string;
  /** Digests of the files by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** Directories that are left out of the digest. */
  readonly leftOut: readonly string[];
}

/** The same digest as `hashTree`, with the digests of the files that it was made of. Answers a reason as that does. */
export function listTree(root: string, cache: HashCache): ListedTree | { readonly reason: string } {
  try {
    const walk = new TreeWalk(cache);
    walk.directory(root, '', '', 0, 0);
    return { sha256: walk.digest(), files: walk.files, leftOut: walk.leftOut };
  } catch (error) {
    if (error instanceof TreeRefused) return { reason: error.message };
    return { reason: `its files cannot be read: ${systemCode(error) || 'unknown error'}` };
  }
}

class TreeWalk {
  readonly files = new Map<string, string>();
  readonly leftOut: string[] = [];
  readonly seen = new TreeRecorder();
  readonly #cache: HashCache;
  readonly #lines: string[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(cache: HashCache) {
    this.#cache = cache;
  }

  digest(): string {
    return hash('sha256', this.#lines.sort().join(''));
  }

  /** `prefix` is the path below the root with a `/` at its end; `parent` the number of the directory above. */
  directory(path: string, name: string, prefix: string, parent: number, depth: number): void {
    if (depth > MAX_PACKAGE_DEPTH) throw new TreeRefused(`deeper than ${MAX_PACKAGE_DEPTH} directories`);
    // Before listing: whatever comes later changes the directory's times.
    const own = this.seen.add(name, parent, lstatSync(path, { bigint: true }));
    for (const item of readdirSync(path, { withFileTypes: true })) {
      this.#entries += 1;
      if (this.#entries > MAX_PACKAGE_FILES) throw new TreeRefused(`more than ${MAX_PACKAGE_FILES} files`);
      this.#visit(item, path, prefix, own, depth);
    }
  }

  #visit(item: Dirent, directory: string, prefix: string, parent: number, depth: number): void {
    const path = `${directory}/${item.name}`;
    if (item.isDirectory()) {
      if (Object.hasOwn(LEFT_OUT_DIRECTORIES, item.name)) {
        this.seen.add(item.name, parent, lstatSync(path, { bigint: true }));
        this.leftOut.push(path);
        return;
      }
      this.directory(path, item.name, `${prefix}${item.name}/`, parent, depth + 1);
      return;
    }
    const line = this.#line(item, path, prefix, parent);
    if (line !== null) this.#lines.push(`${prefix}${item.name}\0${line}\n`);
  }

  #line(item: Dirent, path: string, prefix: string, parent: number): string | null {
    if (item.isFile()) return this.#file(item.name, path, prefix, parent);
    this.seen.add(item.name, parent, lstatSync(path, { bigint: true }));
    return item.isSymbolicLink() ? `link:${readlinkSync(path)}` : 'special';
  }

  #file(name: string, path: string, prefix: string, parent: number): string | null {
    const hashed = hashFile(path, this.#cache);
    if ('reason' in hashed) throw new TreeRefused(`${prefix}${name}: ${hashed.reason}`);
    this.#count(hashed.stat);
    this.seen.add(name, parent, hashed.stat);
    const isCached = prefix.endsWith(`${BYTECODE_DIRECTORY}/`);
    if (isCached && isDerivedBytecode(path)) return null;
    this.files.set(path, hashed.sha256);
    return hashed.sha256;
  }

  #count(stat: BigIntStats): void {
    this.#bytes += Number(stat.size);
    if (this.#bytes > MAX_PACKAGE_BYTES) throw new TreeRefused(`more than ${MAX_PACKAGE_BYTES} bytes`);
  }
}
