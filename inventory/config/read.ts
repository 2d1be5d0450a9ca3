import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Fault, systemCode } from '../errors.ts';
import { MAX_SYMLINK_HOPS } from '../limits.ts';

/** What lies at a path. `links` are the symlinks passed on the way, the path itself first. */
export type ReadResult =
  | {
      readonly kind: 'read';
      readonly bytes: Buffer;
      readonly realPath: string;
      readonly links: readonly string[];
    }
  | { readonly kind: 'missing'; readonly links: readonly string[] }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly links: readonly string[] };

const READ_FAULTS: Readonly<Record<string, Fault>> = {
  EACCES: { code: 'CONFIG_PERMISSION_DENIED', message: 'permission denied', at: null },
  EPERM: { code: 'CONFIG_PERMISSION_DENIED', message: 'permission denied', at: null },
  ELOOP: { code: 'CONFIG_SYMLINK_LOOP', message: 'its symbolic links form a loop', at: null },
};
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Reads a regular file of at most `limit` bytes; never waits for a FIFO or opens a device. A missing file
 * is an answer, not a fault.
 */
export function readBounded(path: string, limit: number): ReadResult {
  const links = followLinks(path);
  try {
    const realPath = realpathSync.native(path);
    const kind = lstatSync(realPath);
    if (!kind.isFile()) return { kind: 'fault', fault: notAFile(kind), links };
    const bytes = readRegular(realPath, limit);
    if (bytes === null) {
      const message = `larger than ${limit} bytes (${kind.size})`;
      return { kind: 'fault', fault: { code: 'CONFIG_TOO_LARGE', message, at: null }, links };
    }
    return { kind: 'read', bytes, realPath, links };
  } catch (error) {
    const code = systemCode(error);
    if (MISSING.has(code)) return { kind: 'missing', links };
    const fault = READ_FAULTS[code] ?? {
      code: 'CONFIG_UNREADABLE',
      message: `cannot be read: ${code || 'unknown error'}`,
      at: null,
    };
    return { kind: 'fault', fault, links };
  }
}

/** The bytes of a regular file, or null where it is larger than the limit or no longer regular. */
export function readRegular(realPath: string, limit: number): Buffer | null {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
  const fd = openSync(realPath, flags);
  try {
    const stat = fstatSync(fd);
    const size = stat.size;
    if (size > limit || !stat.isFile()) return null;
    const buffer = Buffer.alloc(size);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    // A file that grows while it is read is cut where it stood; the change that follows reads it again.
    return buffer.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/** Every symlink from a path to its end, and the end of a dangling one. */
export function followLinks(path: string): readonly string[] {
  const links: string[] = [];
  let here = path;
  for (let hop = 0; hop < MAX_SYMLINK_HOPS; hop += 1) {
    try {
      if (!lstatSync(here).isSymbolicLink()) break;
      links.push(here);
      here = resolve(dirname(here), readlinkSync(here));
    } catch {
      break;
    }
    if (links.includes(here)) break;
  }
  return links.length === 0 || links.includes(here) ? links : [...links, here];
}

function notAFile(kind: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): Fault {
  const what = kind.isDirectory()
    ? 'a directory'
    : kind.isFIFO()
      ? 'a FIFO'
      : kind.isSocket()
        ? 'a socket'
        : 'a device';
  return { code: 'CONFIG_NOT_A_FILE', message: `is ${what}, not a file`, at: null };
}
