import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { CentralError } from '../errors.ts';
import { describeError } from '../log.ts';

/** Bytes of a file with a secret at most. */
const MAX_SECRET_FILE_BYTES = 64 * 1024;

function unusable(path: string, why: string, cause?: unknown): CentralError {
  return new CentralError('CENTRAL_FEED_SECRET_UNUSABLE', `the secret in ${path} cannot be used: ${why}`, {
    cause,
    hint: 'give it to the user of central alone (chmod 600)',
  });
}

/**
 * The text of a file with a secret, without white space around it. It is read anew at each use, so that it can be
 * changed while central runs.
 * @throws {CentralError} CENTRAL_FEED_SECRET_UNUSABLE where others can read it, it is empty, or over 64 KiB
 */
export async function readSecret(path: string): Promise<string> {
  let text: string;
  try {
    // Not blocking, so that a FIFO in its place cannot hold the feed up.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile() || found.size > MAX_SECRET_FILE_BYTES) throw unusable(path, 'it is no small file');
      if ((found.mode & 0o077) !== 0) throw unusable(path, 'others can read it');
      const uid = process.getuid?.();
      if (uid !== undefined && found.uid !== uid && found.uid !== 0)
        throw unusable(path, 'it is of another user');
      text = (await file.readFile('utf8')).trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof CentralError ? error : unusable(path, describeError(error), error);
  }
  if (text === '') throw unusable(path, 'it is empty');
  return text;
}

/** A secret that goes into a header: one line of printable ASCII. @throws {CentralError} CENTRAL_FEED_SECRET_UNUSABLE */
export async function readHeaderSecret(path: string): Promise<string> {
  const text = await readSecret(path);
  if (/^[ -~]+$/.test(text)) return text;
  throw unusable(path, 'it is not one line of printable ASCII');
}
