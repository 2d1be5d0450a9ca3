import { type BigIntStats, lstatSync } from 'node:fs';
import { IDENTITY_WORDS, sameIdentity, writeIdentity } from './file-identity.ts';

/** Owner and mode of a file, as far as they decide who may write it. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A directory tree as it was when its digest was taken. Entries are in the order of the walk, the root first. */
export interface TreeSnapshot {
  readonly root: string;
  readonly sha256: string;
  /** Of the root. */
  readonly own: FileOwner;
  /** Every distinct combination in the tree. */
  readonly owners: readonly FileOwner[];
  /** Number of entries and the latest ctime among them, in ns: every change raises that. */
  readonly version: string;
  /** Name of each entry in its directory; empty for the root. */
  readonly names: readonly string[];
  /** Entry number of the directory that holds each entry. */
  readonly parents: Int32Array;
  readonly identities: BigInt64Array;
}

/** Snapshots of trees by their root, those not asked for longest dropped first. */
export class TreeCache {
  readonly #limit: number;
  readonly #trees = new Map<string, TreeSnapshot>();
  #entries = 0;
  #changed = false;

  /** `limit` is the number of files and directories in all trees together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get changed(): boolean {
    return this.#changed;
  }

  /**
   * The snapshot of a tree in which nothing changed: every file and directory of it is looked at, but none
   * opened or listed. A directory whose mtime and ctime stand still still has the same names.
   */
  get(root: string): TreeSnapshot | null {
    const tree = this.#trees.get(root);
    if (tree === undefined) return null;
    this.#trees.delete(root);
    if (!isSame(tree)) {
      this.#entries -= tree.names.length;
      return null;
    }
    this.#trees.set(root, tree);
    return tree;
  }

  set(tree: TreeSnapshot): void {
    this.restore(tree);
    this.#changed = true;
  }

  /** Puts back what was saved. */
  restore(tree: TreeSnapshot): void {
    this.#entries += tree.names.length - (this.#trees.get(tree.root)?.names.length ?? 0);
    this.#trees.delete(tree.root);
    this.#trees.set(tree.root, tree);
    for (const [root, oldest] of this.#trees) {
      if (this.#entries <= this.#limit) break;
      this.#trees.delete(root);
      this.#entries -= oldest.names.length;
    }
  }

  /** All of them, to be saved. */
  snapshots(): readonly TreeSnapshot[] {
    this.#changed = false;
    return [...this.#trees.values()];
  }
}

function isSame({ root, names, parents, identities }: TreeSnapshot): boolean {
  const paths: string[] = [];
  for (let entry = 0; entry < names.length; entry += 1) {
    const path = entry === 0 ? root : `${paths[parents[entry] ?? 0]}/${names[entry]}`;
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || !sameIdentity(identities, entry, stat)) return false;
    if (stat.isDirectory()) paths[entry] = path;
  }
  return true;
}

/** Collects what a walk sees into a snapshot. */
export class TreeRecorder {
  readonly #names: string[] = [];
  readonly #parents: number[] = [];
  readonly #stats: BigIntStats[] = [];
  readonly #owners = new Map<string, FileOwner>();

  /** Adds an entry with what was seen of it before it was read; answers its number. */
  add(name: string, parent: number, stat: BigIntStats): number {
    this.#names.push(name);
    this.#parents.push(parent);
    this.#stats.push(stat);
    // Anyone may "write" a symlink by its mode; its directory decides.
    if (!stat.isSymbolicLink()) this.#owners.set(`${stat.uid}:${stat.gid}:${stat.mode}`, ownerOf(stat));
    return this.#names.length - 1;
  }

  /** Whether `holds` is true of every entry. */
  every(holds: (stat: BigIntStats) => boolean): boolean {
    return this.#stats.every(holds);
  }

  snapshot(root: string, sha256: string): TreeSnapshot {
    const identities = new BigInt64Array(this.#stats.length * IDENTITY_WORDS);
    for (const [row, stat] of this.#stats.entries()) writeIdentity(identities, row, stat);
    let latest = 0n;
    for (const { ctimeNs } of this.#stats) if (ctimeNs > latest) latest = ctimeNs;
    const [first] = this.#stats;
    if (first === undefined) throw new RangeError('a tree has at least its root');
    return {
      root,
      sha256,
      own: ownerOf(first),
      owners: [...this.#owners.values()],
      version: `${this.#stats.length}:${latest}`,
      names: this.#names,
      parents: Int32Array.from(this.#parents),
      identities,
    };
  }
}

function ownerOf({ uid, gid, mode }: BigIntStats): FileOwner {
  return { uid: Number(uid), gid: Number(gid), mode: Number(mode) };
}
