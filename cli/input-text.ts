import { closeSync, constants, openSync, readSync } from 'node:fs';
import { CliError } from './errors.ts';

/** Bytes that are read at once. */
const CHUNK_BYTES = 64 * 1024;

/** The text of a file of the user's, or of stdin where it is `-`. @throws {CliError} also where it has over `maxBytes` */
export function readInput(path: string, maxBytes: number): string {
  try {
    const file = path === '-' ? 0 : openSync(path, constants.O_RDONLY);
    try {
      return readUpTo(file, maxBytes);
    } finally {
      if (file !== 0) closeSync(file);
    }
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} cannot be read`, { cause });
  }
}

function readUpTo(file: number, maxBytes: number): string {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const read = readSync(file, chunk, 0, chunk.length, null);
    if (read === 0) return Buffer.concat(chunks).toString('utf8');
    length += read;
    if (length > maxBytes) throw new Error(`over ${maxBytes} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}
