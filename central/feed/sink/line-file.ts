import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CentralError } from '../../errors.ts';

/** Bytes that are read at once while looking for the last line break. */
const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const BRACE = 0x7b;

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Offset behind the last line break. */
async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const found = (await readAt(file, start, end - start)).lastIndexOf(NEWLINE);
    if (found >= 0) return start + found + 1;
  }
  return 0;
}

/** Cuts off a last line that was written in part. Answers the bytes removed. */
async function repair(file: FileHandle, path: string): Promise<number> {
  const { size } = await file.stat();
  const end = await endOfLastLine(file, size);
  if (end === size) return 0;
  const [first] = await readAt(file, end, 1);
  if (first !== BRACE) {
    throw new CentralError('CENTRAL_FEED_NOT_A_FEED', `${path} ends in a line that is no JSON object`, {
      hint: 'name a file that nothing else writes',
    });
  }
  await file.truncate(end);
  await file.datasync();
  return size - end;
}

async function exists(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new CentralError('CENTRAL_FEED_NOT_A_FEED', `${path} is not a regular file`);
    }
    return true;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return false;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Opens a file of lines for appending, creates it with mode 0600 where it is missing, and repairs a torn
 * last line. Opening anew for each append is what lets another program rotate or remove the file.
 */
export async function withLineFile<T>(
  path: string,
  use: (file: FileHandle, repairedBytes: number) => Promise<T>,
): Promise<T> {
  const isNew = !(await exists(path));
  const file = await open(path, 'a+', 0o600);
  try {
    if (isNew) await syncDirectory(path);
    return await use(file, await repair(file, path));
  } finally {
    await file.close();
  }
}

/** The whole lines within the last `bytes` of the file. */
export async function tailLines(file: FileHandle, bytes: number): Promise<readonly string[]> {
  const { size } = await file.stat();
  const start = Math.max(0, size - bytes);
  const lines = (await readAt(file, start, size - start)).toString().split('\n');
  return start === 0 ? lines : lines.slice(1);
}

/** Appends and waits until it is on disk. */
export async function appendSynced(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text);
  await file.datasync();
}
