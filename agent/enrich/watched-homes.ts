import { realpathSync } from 'node:fs';
import type { HostUser } from '../../inventory/index.ts';

/** Whose configs are looked at: of a client of anybody else it cannot be said that no config asks for a server. */
export class WatchedHomes {
  readonly #uids: ReadonlySet<number>;
  readonly #homes: ReadonlySet<string>;
  readonly #isWhole: boolean;

  /** `everybody` are the users of this host, `watched` those whose homes are looked at. */
  constructor(watched: readonly HostUser[], everybody: readonly HostUser[]) {
    this.#uids = new Set(watched.map(({ uid }) => uid));
    this.#homes = new Set(watched.map(({ home }) => realPath(home)));
    this.#isWhole = everybody.every(({ home }) => this.#homes.has(realPath(home)));
  }

  /**
   * Whether a process of this user and HOME (null where that is not known) reads its configs where they are looked
   * at. Where every home is, a HOME that is none of them is no excuse.
   */
  includes(uid: number, home: string | null): boolean {
    if (!this.#uids.has(uid)) return false;
    return this.#isWhole || (home !== null && this.#homes.has(realPath(home)));
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
