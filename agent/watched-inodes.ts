import { inodeKey, inodeKeyOf } from './enrich/file-actors.ts';

/**
 * The files that matter, by inode. What is written through a mapping or another name of a file is told to no
 * watcher, but the kernel sensor tells it of what a server does.
 */
export class WatchedInodes {
  #keys: ReadonlySet<string> = new Set();

  /** The files as they are now; one that is not there yet is left to the watcher. */
  follow(files: readonly string[]): void {
    this.#keys = new Set(files.map(inodeKeyOf).filter((key) => key !== null));
  }

  /** `device` is `major:minor`. */
  has(device: string, inode: number): boolean {
    return this.#keys.has(inodeKey(device, inode));
  }
}
