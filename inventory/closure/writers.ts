import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { AccountNames } from './names.ts';

const GROUP_WRITE = 0o020;
const OTHER_WRITE = 0o002;
const STICKY = 0o1000;
/** Writers that the root account stands for; being able to write as root is no news. */
const ROOT_ID = 0;

/** Tells who can change what a path names, beyond root: by mode bits; access control lists are not read. */
export class Writers {
  readonly #names: AccountNames;
  readonly #directories = new Map<string, readonly string[]>();

  constructor(names: AccountNames) {
    this.#names = names;
  }

  /**
   * Writers of a file, of the directories above its real path, and of those above the path it was named
   * by (who may replace a symlink there decides as well). Sorted.
   */
  of(stat: Pick<Stats, 'uid' | 'gid' | 'mode'>, paths: readonly string[]): readonly string[] {
    const all = new Set(this.ofModes(stat));
    for (const path of paths) for (const writer of this.#above(path)) all.add(writer);
    return [...all].sort();
  }

  /** Writers by owner and mode alone: the owner can always give the right to write. */
  ofModes({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): readonly string[] {
    const writers: string[] = [];
    if (uid !== ROOT_ID) writers.push(this.#names.user(uid));
    if ((mode & GROUP_WRITE) !== 0 && gid !== ROOT_ID) writers.push(this.#names.groupWriter(gid));
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
    try {
      const stat = lstatSync(directory);
      // A link has all bits set; its own directory, judged next, decides who may replace it.
      if (stat.isSymbolicLink()) return stat.uid === ROOT_ID ? [] : [this.#names.user(stat.uid)];
      // In a sticky directory only root, its owner and the owner of an entry may rename that entry.
      if ((stat.mode & STICKY) !== 0) return stat.uid === ROOT_ID ? [] : [this.#names.user(stat.uid)];
      return this.ofModes(stat);
    } catch {
      return [];
    }
  }
}
