import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { HASH_CACHE_REST_MS, MAX_ARTEFACT_BYTES, MAX_HASH_CACHE_ENTRIES } from '../limits.ts';

const FORMAT_VERSION = 1;
const CHUNK_BYTES = 256 * 1024;
const SHA256_HEX = /^[0-9a-f]{64}$/;

export interface HashCacheJson {
  readonly version: number;
  readonly entries: readonly (readonly [key: string, sha256: string])[];
}

/**
 * Digests of files by (device, inode, size, mtime, ctime), the oldest dropped first. A program cannot set
 * ctime, so a changed file has a new key; a file written to within HASH_CACHE_REST_MS is never kept.
 */
export class HashCache {
  readonly #entries = new Map<string, string>();
  readonly #limit: number;

  constructor(limit: number = MAX_HASH_CACHE_ENTRIES) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What toJSON gave, as read from disk; anything malformed is left out. */
  static fromJSON(json: unknown, limit: number = MAX_HASH_CACHE_ENTRIES): HashCache {
    const cache = new HashCache(limit);
    if (typeof json !== 'object' || json === null || !('version' in json) || json.version !== FORMAT_VERSION)
      return cache;
    if (!('entries' in json) || !Array.isArray(json.entries)) return cache;
    for (const entry of json.entries.slice(-limit)) {
      const [key, digest]: readonly unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof key === 'string' && typeof digest === 'string' && SHA256_HEX.test(digest))
        cache.#entries.set(key, digest);
    }
    return cache;
  }

  toJSON(): HashCacheJson {
    return { version: FORMAT_VERSION, entries: [...this.#entries] };
  }

  get(stat: BigIntStats): string | null {
    const key = keyOf(stat);
    const digest = this.#entries.get(key);
    if (digest === undefined) return null;
    this.#entries.delete(key);
    this.#entries.set(key, digest);
    return digest;
  }

  /** `since` is when reading began, in ms since the epoch: a slow read must not make a fresh file look old. */
  set(stat: BigIntStats, digest: string, since: number): void {
    if (since - Number(stat.ctimeMs) < HASH_CACHE_REST_MS) return;
    this.#entries.set(keyOf(stat), digest);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
  }
}

export interface HashedFile {
  readonly sha256: string;
  readonly stat: BigIntStats;
}

/**
 * SHA-256 of a regular file. Answers a reason where the path is no regular file or larger than
 * MAX_ARTEFACT_BYTES; throws the system's error where it cannot be opened.
 */
export function hashFile(realPath: string, cache: HashCache): HashedFile | { readonly reason: string } {
  const fd = openSync(
    realPath,
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY,
  );
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return { reason: 'not a regular file' };
    if (stat.size > MAX_ARTEFACT_BYTES) return { reason: `larger than ${MAX_ARTEFACT_BYTES} bytes` };
    const known = cache.get(stat);
    if (known !== null) return { sha256: known, stat };
    const since = Date.now();
    const sha256 = hashDescriptor(fd);
    const after = fstatSync(fd, { bigint: true });
    if (keyOf(after) === keyOf(stat)) cache.set(stat, sha256, since);
    return { sha256, stat };
  } finally {
    closeSync(fd);
  }
}

function hashDescriptor(fd: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let total = 0;
  for (let read = readSync(fd, chunk); read > 0 && total <= MAX_ARTEFACT_BYTES; read = readSync(fd, chunk)) {
    hash.update(chunk.subarray(0, read));
    total += read;
  }
  return hash.digest('hex');
}

function keyOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}
