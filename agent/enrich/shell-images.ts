import { closeSync, fstatSync, openSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ShellFile } from '../../collectors/index.ts';
import { sha256Hex } from '../../inventory/index.ts';
import { type Image, isShellName, SHELL_NAMES } from './launch-chain.ts';

/** Where the shells of a Unix lie; busybox is one, whatever it is called. */
const PLACES = ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'] as const;
/** Among them some that are shells for some calls only, or under a name that says nothing of it. */
const NAMES: readonly string[] = [...SHELL_NAMES, 'posh', 'sash', 'tcsh', 'mksh-static', 'busybox', 'toybox'];
/** Milliseconds after which the shells are looked at again. */
const LEARN_AGAIN_MS = 1_000;
/** Bytes of the largest program that is compared. */
const MAX_SHELL_BYTES = 8 * 1024 * 1024;

interface KnownShell {
  readonly stamp: string;
  readonly inode: number;
  readonly size: number;
  readonly sha256: string;
}

/** Recognises the shells of this host by content, under whatever name they are run. */
export class ShellImages {
  readonly #places: readonly string[];
  readonly #procRoot: string;
  readonly #shells = new Map<string, KnownShell>();
  readonly #now: () => number;
  #learntAt = Number.NEGATIVE_INFINITY;

  constructor(
    places: readonly string[] = PLACES,
    procRoot = '/proc',
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#places = places;
    this.#procRoot = procRoot;
  }

  /**
   * Whether a process runs a shell of this host under a name that is no shell's, or another shell's that is one
   * for some calls only, such as busybox. The image is read through /proc while the process lives, else by its
   * path. Only a file with the size of a shell is read at all.
   */
  isDisguised(pid: number, image: Image): boolean {
    const called = basename(image.exe);
    // argv[0] is the caller's to choose: it disguises nothing and excuses nothing.
    if (isShellName(called)) return false;
    this.#learn();
    const shells = [...this.#shells];
    const isShellSize = (size: number) => shells.some(([, shell]) => shell.size === size);
    if (image.bytes != null && !isShellSize(image.bytes)) return false;
    const isOne = (content: Buffer | null) => {
      const sha256 = content === null ? null : sha256Hex(content);
      const names = shells.filter(([, shell]) => shell.sha256 === sha256).map(([path]) => basename(path));
      return names.length > 0 && !names.includes(called);
    };
    const living = `${this.#procRoot}/${pid}/exe`;
    // By the time of the look the process may run something else, such as the shell that `env` led to.
    const runsIt = () => linkOf(living) === image.exe;
    const content = runsIt() ? readOfSize(living, isShellSize) : null;
    if (content !== null && runsIt()) return isOne(content);
    return image.exe.startsWith('/') && isOne(readOfSize(image.exe, isShellSize));
  }

  /** The files that are the shells of this host, as they are now. */
  files(): readonly ShellFile[] {
    this.#learn();
    return [...this.#shells].map(([path, { inode, size }]) => ({ path, inode, size }));
  }

  /** Looks again at the shells that are not as they were, once a second at the most: each program asks for it. */
  #learn(): void {
    if (this.#now() - this.#learntAt < LEARN_AGAIN_MS) return;
    this.#learntAt = this.#now();
    for (const path of this.#places.flatMap((place) => NAMES.map((name) => `${place}/${name}`))) {
      const stat = statOrNull(path);
      if (stat === null) {
        this.#shells.delete(path);
        continue;
      }
      const stamp = `${stat.dev}:${stat.ino}:${stat.mtimeMs}:${stat.size}`;
      if (this.#shells.get(path)?.stamp === stamp) continue;
      const content = readOfSize(path, () => true);
      if (content !== null)
        this.#shells.set(path, { stamp, inode: stat.ino, size: stat.size, sha256: sha256Hex(content) });
    }
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function statOrNull(path: string): Stats | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat : null;
  } catch {
    return null;
  }
}

/** The content of a regular file whose size is wanted; null where it is not, or cannot be read. */
function readOfSize(path: string, isWanted: (size: number) => boolean): Buffer | null {
  let fd: number | null = null;
  try {
    // The kind is asked before the file is opened: to open a pipe would wait.
    if (statOrNull(path) === null) return null;
    fd = openSync(path, 'r');
    const { size } = fstatSync(fd);
    if (size === 0 || size > MAX_SHELL_BYTES || !isWanted(size)) return null;
    const content = Buffer.alloc(size);
    let at = 0;
    while (at < size) {
      const read = readSync(fd, content, at, size - at, at);
      if (read === 0) return null;
      at += read;
    }
    return content;
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
