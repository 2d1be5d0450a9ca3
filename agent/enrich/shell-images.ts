import { closeSync, fstatSync, openSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ShellFile } from '../../collectors/index.ts';
import { sha256Hex } from '../../inventory/index.ts';
import { type Image, isShell } from './launch-chain.ts';

/** Where the shells of a Unix lie; busybox is one, whatever it is called. */
const PLACES = ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'] as const;
const NAMES = [
  'sh',
  'bash',
  'dash',
  'ash',
  'zsh',
  'ksh',
  'mksh',
  'fish',
  'tcsh',
  'busybox',
  'toybox',
] as const;
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

  constructor(places: readonly string[] = PLACES, procRoot = '/proc') {
    this.#places = places;
    this.#procRoot = procRoot;
  }

  /**
   * Whether a process runs a shell of this host under a name that is no shell's. The image is read through
   * /proc while the process lives, else by its path. Only a file with the size of a shell is read at all.
   */
  isDisguised(pid: number, image: Image): boolean {
    if (isShell(image) || NAMES.some((name) => name === basename(image.exe))) return false;
    this.#learn();
    const shells = [...this.#shells.values()];
    const isShellSize = (size: number) => shells.some((shell) => shell.size === size);
    const isOne = (content: Buffer | null) =>
      content !== null && shells.some(({ sha256 }) => sha256 === sha256Hex(content));
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
    return [...this.#shells.values()].map(({ inode, size }) => ({ inode, size }));
  }

  /** Looks again at the shells that are not as they were. */
  #learn(): void {
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
