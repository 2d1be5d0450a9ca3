import { createHash, hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { MAX_ARTEFACT_BYTES } from '../../limits.ts';
import { isUnchanged } from './file-identity.ts';
import type { HashCache } from './hash-cache.ts';

/** Shared by all reads: hashing is synchronous, so no two are ever under way. */
const chunk = Buffer.allocUnsafeSlow(256 * 1024);

export interface HashedFile {
  readonly sha256: string;
  readonly stat: BigIntStats;
}

/**
 * SHA-256 of a regular file; one that the cache knows is not opened. Answers a reason where the path is no
 * regular file or larger than MAX_ARTEFACT_BYTES; throws the system's error where it cannot be read.
 */
export function hashFile(realPath: string, cache: HashCache): HashedFile | { readonly reason: string } {
  const seen = lstatSync(realPath, { bigint: true });
  if (!seen.isFile()) return { reason: 'not a regular file' };
  const known = cache.get(seen);
  if (known !== null) return { sha256: known, stat: seen };
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
  const fd = openSync(realPath, flags);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return { reason: 'not a regular file' };
    if (stat.size > MAX_ARTEFACT_BYTES) return { reason: `larger than ${MAX_ARTEFACT_BYTES} bytes` };
    const since = Date.now();
    const sha256 = hashDescriptor(fd);
    if (isUnchanged(stat, fstatSync(fd, { bigint: true }))) cache.set(stat, sha256, since);
    return { sha256, stat };
  } finally {
    closeSync(fd);
  }
}

function hashDescriptor(fd: number): string {
  const first = readSync(fd, chunk);
  if (first === 0) return hash('sha256', '');
  // A short read of a regular file is not yet its end; only an empty one is.
  const second = first < chunk.length ? readSync(fd, chunk, first, chunk.length - first, null) : 1;
  if (second === 0) return hash('sha256', chunk.subarray(0, first));
  const sum = createHash('sha256').update(chunk.subarray(0, first < chunk.length ? first + second : first));
  let total = first + second;
  for (let read = readSync(fd, chunk); read > 0 && total <= MAX_ARTEFACT_BYTES; read = readSync(fd, chunk)) {
    sum.update(chunk.subarray(0, read));
    total += read;
  }
  return sum.digest('hex');
}
