import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ApprovalError } from '../errors.ts';
import { asOwnerOf } from './ownership.ts';

/**
 * Writes a file whole or not at all: to a name beside it, to the disk, then into its place. It belongs to whoever owns
 * the directory.
 * @throws {ApprovalError}
 */
export function writeDurably(path: string, text: string, mode: number): void {
  asOwnerOf(path, () => write(path, text, mode));
}

function write(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: (mode & 0o077) === 0 ? 0o700 : 0o755 });
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', mode);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApprovalError('APPROVAL_STORE_UNWRITABLE', `${path} cannot be written: ${reason}`, {
      cause,
      hint: 'check who owns the directory and whether the disk is full',
    });
  }
}
