import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where Python keeps bytecode (PEP 3147). */
export const BYTECODE_DIRECTORY = '__pycache__';

const BYTECODE_NAME = /^([^.]+)\.[\w-]+(?:\.opt-\w+)?\.pyc$/;
const HEADER_BYTES = 16;
/** Flags of PEP 552: none for a timestamp, both for a hash of the source that is checked. */
const BY_TIMESTAMP = 0;
const BY_CHECKED_HASH = 3;
const WORD = 0xffffffff;

/**
 * Whether a file of `__pycache__` is what Python writes by itself from the source beside it: the source
 * exists, and the header (PEP 552) has Python check it, by a timestamp and size that match or by a hash.
 * Such a file appears at the first run; counted, it would be a change that nobody made. Any other, without
 * a source or unchecked, decides what runs.
 */
export function isDerivedBytecode(path: string): boolean {
  const module = BYTECODE_NAME.exec(basename(path))?.[1];
  if (module === undefined) return false;
  const source = lstatSync(join(dirname(dirname(path)), `${module}.py`), { throwIfNoEntry: false });
  const header = source?.isFile() === true ? readHeader(path) : null;
  if (source === undefined || header === null) return false;
  const flags = header.readUInt32LE(4);
  if (flags === BY_CHECKED_HASH) return true;
  const seconds = Math.floor(source.mtimeMs / 1000);
  return (
    flags === BY_TIMESTAMP &&
    header.readUInt32LE(8) === Number(BigInt.asUintN(32, BigInt(seconds))) &&
    header.readUInt32LE(12) === (source.size & WORD) >>> 0
  );
}

function readHeader(path: string): Buffer | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return readSync(fd, header) === HEADER_BYTES ? header : null;
  } finally {
    closeSync(fd);
  }
}
