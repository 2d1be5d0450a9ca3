import { statSync } from 'node:fs';
import type { AlertActor, Ancestor, FileWrite, InodeChange } from '../../wire/index.ts';

/** Paths and inodes of which the last writer is remembered; the one written longest ago is forgotten first. */
const MAX_FILES = 4_096;

/** Who touched a path last, as far as it is known. */
export interface Writer {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Start of the process in clock ticks since boot; null where it was gone at once. */
  readonly start: number | null;
  readonly actor: AlertActor;
  readonly user: string;
  readonly ancestry: readonly Ancestor[];
  /** Id of the server in whose subtree the process was, outside of its launch chain; null where it was in none. */
  readonly serverId: string | null;
}

/** A process as it was when it wrote, put into words only where they are asked for: most writes never are. */
export type WritingProcess = () => Omit<Writer, 'time' | 'start'>;

/** The process behind a write; null where the table never heard of it. */
export type ProcessOf = (write: FileWrite | InodeChange) => WritingProcess | null;

interface LastWrite {
  readonly time: number;
  readonly start: number | null;
  readonly process: WritingProcess;
}

/**
 * The last writer of each path in the watched directories, and of each inode that a server changed: that one is
 * known whatever name it took. The agent's own writes are none.
 */
export class FileActors {
  readonly #last = new Map<string, LastWrite>();
  #max = MAX_FILES;
  readonly #processOf: ProcessOf;
  readonly #ownPid: number;

  constructor(processOf: ProcessOf, ownPid: number = process.pid) {
    this.#processOf = processOf;
    this.#ownPid = ownPid;
  }

  observe(write: FileWrite | InodeChange): void {
    if (write.pid === this.#ownPid) return;
    const process = this.#processOf(write) ?? (() => unknownProcess(write.pid));
    const key = write.kind === 'file_write' ? write.path : inodeKey(write.device, write.inode);
    this.#last.delete(key);
    this.#last.set(key, { time: write.time, start: write.start, process });
    this.#forgetOldest();
  }

  /** From now on remembers the writers of so many paths and inodes. */
  keep(max: number = MAX_FILES): void {
    this.#max = max;
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= this.#max) return;
      this.#last.delete(oldest);
    }
  }

  writerOf(path: string): Writer | null {
    const writes = [this.#last.get(path), this.#last.get(inodeKeyOf(path) ?? '')];
    const [last] = writes.filter((write) => write !== undefined).toSorted((a, b) => b.time - a.time);
    return last === undefined ? null : { ...last.process(), time: last.time, start: last.start };
  }
}

/** Stands for a file whatever its name; no path begins without a slash. */
export function inodeKey(device: string, inode: number): string {
  return `inode ${device} ${inode}`;
}

/** The same of the file that a path leads to now; null where there is none. */
export function inodeKeyOf(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? null : inodeKey(deviceName(stat.dev), stat.ino);
  } catch {
    return null;
  }
}

/** `major:minor` of a device as stat(2) gives it: gnu_dev_major() and gnu_dev_minor() of makedev(3). */
export function deviceName(device: number): string {
  const low = device % 2 ** 32;
  const high = Math.floor(device / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) | (high & ~0xfff);
  const minor = (low & 0xff) | ((low >>> 12) & 0xfff00);
  return `${major}:${minor}`;
}

function unknownProcess(pid: number): Omit<Writer, 'time' | 'start'> {
  return {
    actor: { pid, exe: '', cmdline: '', in_subtree: false },
    user: '',
    ancestry: [],
    serverId: null,
  };
}
