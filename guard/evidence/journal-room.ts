import { closeSync, constants, lstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_JOURNAL_BYTES, parseJournalFile, RECORD_END } from '../../wire/index.ts';

/** Bytes read at once. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Removes the oldest journal files of a directory until the rest is within `maxBytes`. Answers how many records were in
 * them: the agent may have read them or not.
 */
export function makeRoom(directory: string, maxBytes: number): number {
  const files = readdirSync(directory)
    .filter((file) => parseJournalFile(file) !== null)
    .sort()
    .map((file) => join(directory, file))
    .map((path) => ({ path, size: lstatSync(path, { throwIfNoEntry: false })?.size ?? 0 }));
  let total = files.reduce((sum, { size }) => sum + size, 0);
  let records = 0;
  for (const { path, size } of files) {
    if (total <= maxBytes) break;
    const lines = linesIn(path);
    rmSync(path, { force: true });
    total -= size;
    records += lines;
  }
  return records;
}

/** Line ends in a file, within what a journal file may hold; 0 where it cannot be read. */
function linesIn(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return 0;
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let lines = 0;
    for (let at = 0; at < MAX_JOURNAL_BYTES; ) {
      const read = readSync(fd, chunk, 0, chunk.length, at);
      if (read === 0) break;
      for (let byte = 0; byte < read; byte += 1) if (chunk[byte] === RECORD_END) lines += 1;
      at += read;
    }
    return lines;
  } catch {
    return 0;
  } finally {
    closeSync(fd);
  }
}
