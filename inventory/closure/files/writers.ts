import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { realPathOf } from '../launch/find-executable.ts';
import type { AccessLists } from './access-lists.ts';
import type { AccountNames } from './names.ts';
import type { PackageTree } from './package-tree.ts';

const GROUP_WRITE = 0o020;
const OTHER_WRITE = 0o002;
const STICKY = 0o1000;
/** Writers that the root account stands for; being able to write as root is no news. */
export const ROOT_ID = 0;

type Rights = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** Who can change what a path names, beyond root. */
export interface WriterFacts {
  of(stat: Rights, paths: readonly string[]): readonly string[];
  ofTree(root: string, tree: PackageTree): readonly string[];
  ofPlace(directory: string): readonly string[];
}

/** For a look that asks for no writers: it finds none. */
export const NO_WRITERS: WriterFacts = { of: () => [], ofTree: () => [], ofPlace: () => [] };

/** Tells writers by mode bits and access control lists. */
export class Writers implements WriterFacts {
  readonly #names: AccountNames;
  readonly #lists: AccessLists | null;
  readonly #places = new Map<string, readonly string[]>();
  readonly #directories = new Map<string, readonly string[]>();

  /** Without `lists` the mode bits alone decide. */
  constructor(names: AccountNames, lists: AccessLists | null = null) {
    this.#names = names;
    this.#lists = lists;
  }

  /**
   * Writers of a file, of the directories above its real path, and of those above the path it was named
   * by (who may replace a symlink there decides as well). The real path comes last in `paths`. Sorted.
   */
  of(stat: Rights, paths: readonly string[]): readonly string[] {
    const realPath = paths.at(-1);
    const all = new Set(realPath === undefined ? this.#byMode(stat, true) : this.#ofFile(stat, realPath));
    for (const path of paths) for (const writer of this.#above(path)) all.add(writer);
    return [...all].sort();
  }

  /** Writers of anything in a directory tree and of the directories above it. Sorted. */
  ofTree(root: string, tree: PackageTree): readonly string[] {
    const all = new Set(tree.owners.flatMap((owner) => this.#byMode(owner, true)));
    for (const writer of this.#listed(this.#lists?.ofTree(root, tree.version) ?? null)) all.add(writer);
    for (const writer of this.#above(root)) all.add(writer);
    return [...all].sort();
  }

  /**
   * Who may put a file into a directory or replace it there; where it does not exist, who may create it. A
   * sticky directory protects what lies in it, not what is added to it.
   */
  ofPlace(directory: string): readonly string[] {
    const known = this.#places.get(directory);
    if (known !== undefined) return known;
    const writers = this.#lookAtPlace(directory);
    this.#places.set(directory, writers);
    return writers;
  }

  #lookAtPlace(directory: string): readonly string[] {
    const stat = lstatOrNull(directory);
    const real = stat === null ? null : realPathOf(directory);
    const target = real === null ? null : lstatOrNull(real);
    if (stat !== null && real !== null && target !== null)
      return this.of(target, stat.isSymbolicLink() ? [directory, real] : [real]);
    const above = dirname(directory);
    return above === directory ? [] : this.ofPlace(above);
  }

  #ofFile(stat: Rights, path: string): readonly string[] {
    const list = this.#lists?.of(path) ?? null;
    if (list === null) return this.#byMode(stat, true);
    return [...this.#byMode(stat, list.owningGroup), ...this.#listed(list)];
  }

  #listed(list: { readonly users: readonly number[]; readonly groups: readonly number[] } | null) {
    if (list === null) return [];
    const users = list.users.filter((uid) => uid !== ROOT_ID).map((uid) => this.#names.user(uid));
    const groups = list.groups.filter((gid) => gid !== ROOT_ID).map((gid) => this.#names.groupWriter(gid));
    return [...users, ...groups];
  }

  /** The owner can always give the right to write. */
  #byMode({ uid, gid, mode }: Rights, groupCounts: boolean): readonly string[] {
    const writers: string[] = [];
    if (uid !== ROOT_ID) writers.push(this.#names.user(uid));
    // Where there is a list, the mode's group bits are its mask.
    if (groupCounts && (mode & GROUP_WRITE) !== 0 && gid !== ROOT_ID)
      writers.push(this.#names.groupWriter(gid));
    if ((mode & OTHER_WRITE) !== 0) writers.push('everyone');
    return writers;
  }

  #above(path: string): readonly string[] {
    const directory = dirname(path);
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    const above = directory === path ? [] : this.#ofDirectory(directory);
    const all =
      directory === dirname(directory) ? above : [...new Set([...above, ...this.#above(directory)])];
    this.#directories.set(directory, all);
    return all;
  }

  #ofDirectory(directory: string): readonly string[] {
    const stat = lstatOrNull(directory);
    if (stat === null) return [];
    const owner = stat.uid === ROOT_ID ? [] : [this.#names.user(stat.uid)];
    // A link has all bits set; its own directory, judged next, decides who may replace it.
    if (stat.isSymbolicLink()) return owner;
    // In a sticky directory only root, its owner and the owner of an entry may rename that entry.
    return (stat.mode & STICKY) !== 0 ? owner : this.#ofFile(stat, directory);
  }
}

function lstatOrNull(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
