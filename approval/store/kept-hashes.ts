import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeHashCache, encodeHashCache, HashCache, limits, readRegular } from '../../inventory/index.ts';
import { isExposed } from '../keys/exposure.ts';

const FILE_NAME = 'hash-cache';

/**
 * The hash cache between runs, as `hash-cache` in the state directory. It is only a cache: a file that is
 * missing, damaged, of another version or writable by others is not read, and one that cannot be written is
 * not written, without a word. Whoever can write it as its owner can hide a change from the next look.
 */
export class KeptHashes {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  load(): HashCache {
    try {
      const path = join(this.#stateDir, FILE_NAME);
      if (isExposed(this.#stateDir) || isExposed(path)) return new HashCache();
      const bytes = readRegular(path, limits.MAX_HASH_CACHE_FILE_BYTES);
      return (bytes === null ? null : decodeHashCache(bytes)) ?? new HashCache();
    } catch {
      return new HashCache();
    }
  }

  /** Writes what changed since it was loaded or saved, by rename; never makes the state directory. */
  save(cache: HashCache): void {
    if (!cache.changed) return;
    const path = join(this.#stateDir, FILE_NAME);
    const next = `${path}.${randomBytes(6).toString('hex')}`;
    try {
      if (!statSync(this.#stateDir).isDirectory() || isExposed(this.#stateDir)) return;
      const bytes = encodeHashCache(cache);
      if (bytes.length > limits.MAX_HASH_CACHE_FILE_BYTES) return;
      // A cache lost to a power cut is built again, so nothing waits for the disk.
      writeFileSync(next, bytes, { flag: 'wx', mode: 0o600 });
      renameSync(next, path);
    } catch {
      rmSync(next, { force: true });
    }
  }
}
