import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isExposed } from '../../approval/index.ts';
import { codeOf } from '../system-code.ts';
import { MAX_SECRET_BYTES, SourceFault } from './secret-source.ts';

/**
 * The bytes of a secret's file, at most one more than a value may have. Links are followed, and what they lead to is
 * judged, like the directories in which link and file lie: whoever can write those chooses the value.
 * @throws {SourceFault}
 */
export function readSecretFile(path: string): Buffer {
  try {
    const real = realpathSync(path);
    const exposed = [real, dirname(real), dirname(path)].find(isExposed);
    if (exposed !== undefined)
      throw new SourceFault(`others can write ${exposed}`, `chmod go-w ${exposed}, and see who owns it`);
    const file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readRegular(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof SourceFault) throw error;
    throw new SourceFault(`it cannot be read (${codeOf(error)})`);
  }
}

function readRegular(file: number): Buffer {
  if (!fstatSync(file).isFile()) throw new SourceFault('it is not a regular file');
  const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}
