import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { type JournalName, parseJournalFile } from '../../wire/index.ts';
import type { JournalPlace } from './journal-place.ts';

/** Any of these would let somebody else than the owner have written it. */
const WRITABLE_BY_OTHERS = 0o022n;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

export interface ListedJournal extends JournalName {
  readonly file: string;
}

/** An open journal file of its owner; whoever opened it closes it. */
export interface OpenJournal {
  readonly fd: number;
  readonly stat: BigIntStats;
}

/** Why something is not read, in words for people. */
export interface Refused {
  readonly refused: string;
}

/**
 * The directory of one user's journals, held open: on Linux what is opened and removed lies in the very directory
 * whose owner was looked at, wherever its path leads meanwhile. So nobody can have the agent read or remove a file that
 * is not theirs.
 */
export class JournalDirectory {
  readonly #fd: number;
  readonly #path: string;
  readonly #uid: number;

  private constructor(fd: number, { directory, uid }: JournalPlace) {
    this.#fd = fd;
    this.#path = process.platform === 'linux' ? `/proc/self/fd/${fd}` : directory;
    this.#uid = uid;
  }

  /** Null where there is none. */
  static open(place: JournalPlace): JournalDirectory | Refused | null {
    let fd: number;
    try {
      fd = openSync(place.directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? null : { refused: `it cannot be opened (${codeOf(error)})` };
    }
    if (fstatSync(fd).uid === place.uid) return new JournalDirectory(fd, place);
    closeSync(fd);
    return { refused: 'it belongs to another user' };
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Journal files, the oldest guard's first. */
  list(): readonly ListedJournal[] {
    const listed = readdirSync(this.#path).sort();
    return listed.flatMap((file) => {
      const name = parseJournalFile(file);
      return name === null ? [] : [{ ...name, file }];
    });
  }

  /** Null where it is gone. */
  openFile(file: string): OpenJournal | Refused | null {
    let fd: number;
    try {
      fd = openSync(join(this.#path, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return null;
      return { refused: code === 'ELOOP' ? 'it is a symbolic link' : `it cannot be opened (${code})` };
    }
    const stat = fstatSync(fd, { bigint: true });
    const refused = this.#fault(stat);
    if (refused === null) return { fd, stat };
    closeSync(fd);
    return { refused };
  }

  remove(file: string): void {
    try {
      unlinkSync(join(this.#path, file));
    } catch {
      // It stays, and is known to be read.
    }
  }

  #fault(stat: BigIntStats): string | null {
    if (!stat.isFile()) return 'it is not a file';
    if (stat.uid !== BigInt(this.#uid)) return 'it belongs to another user';
    return (stat.mode & WRITABLE_BY_OTHERS) === 0n ? null : 'others may write it';
  }
}

function codeOf(error: unknown): string {
  return String(error instanceof Error ? Reflect.get(error, 'code') : error);
}
