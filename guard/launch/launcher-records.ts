import type { BigIntStats } from 'node:fs';
import type { SealedFiles } from './sealed-files.ts';

/** As in launcher/records.h. */
const TYPE = {
  file: 1,
  name: 2,
  tree: 3,
  exempt: 4,
  cwd: 5,
  commit: 6,
  settled: 7,
  signal: 8,
  grace: 9,
  end: 10,
  kill: 11,
} as const;

const HEADER_BYTES = 8;
const SHA256_BYTES = 32;
const FILE_BYTES = SHA256_BYTES + 6 * 8;
/** Bytes, with the NUL at the end (limits.h). */
const PATH_MAX = 4_096;
/** Longest time that the launcher takes. */
const MAX_MS = 600_000;

function record(type: keyof typeof TYPE, ...parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(
    parts.reduce((length, part) => length + part.length, HEADER_BYTES),
    0,
  );
  header.writeUInt32LE(TYPE[type], 4);
  return Buffer.concat([header, ...parts]);
}

/** A path as the launcher takes it; null where no file can have it. */
function pathBytes(path: string): Buffer | null {
  const bytes = Buffer.from(path);
  return bytes.length < PATH_MAX && path.startsWith('/') && !bytes.includes(0) ? bytes : null;
}

function pathRecords(type: 'name' | 'tree' | 'exempt' | 'cwd', paths: readonly string[]): readonly Buffer[] {
  return paths.flatMap((path) => {
    const bytes = pathBytes(path);
    return bytes === null ? [] : [record(type, bytes)];
  });
}

function fileRecord(path: Buffer, sha256: string, known: BigIntStats | null): Buffer {
  const fixed = Buffer.alloc(FILE_BYTES);
  fixed.write(sha256, 0, SHA256_BYTES, 'hex');
  const words = known === null ? [] : [1n, known.dev, known.ino, known.size, known.mtimeNs, known.ctimeNs];
  for (const [index, word] of words.entries()) {
    fixed.writeBigUInt64LE(BigInt.asUintN(64, word), SHA256_BYTES + index * 8);
  }
  return record('file', fixed, path);
}

/** Tells for a file and its digest with which times and size it has just that digest; null where nobody knows. */
export type KnownIdentity = (path: string, sha256: string) => BigIntStats | null;

/** The list of what may be loaded, as one message that takes the place of the list before. */
export function listRecords(sealed: SealedFiles | null, known: KnownIdentity): Buffer {
  if (sealed === null) return record('commit');
  const files = [...sealed.files].flatMap(([path, sha256]) => {
    const bytes = pathBytes(path);
    return bytes === null ? [] : [fileRecord(bytes, sha256, known(path, sha256))];
  });
  return Buffer.concat([
    ...files,
    ...pathRecords('name', sealed.names),
    ...pathRecords('tree', sealed.trees),
    ...pathRecords('exempt', sealed.exempt),
    record('commit'),
  ]);
}

/** The directory that the server starts in. */
export function cwdRecord(path: string): Buffer {
  return Buffer.concat(pathRecords('cwd', [path]));
}

export function plainRecord(type: 'settled' | 'kill'): Buffer {
  return record(type);
}

/** A signal's number, or milliseconds of at most ten minutes. */
export function numberRecord(type: 'signal' | 'grace' | 'end', value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Math.max(0, Math.min(MAX_MS, Math.ceil(value))));
  return record(type, bytes);
}
