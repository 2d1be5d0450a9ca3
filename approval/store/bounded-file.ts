import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ApprovalError } from '../errors.ts';

/** Text of a file up to a limit. A device or kernel file behind a link neither blocks nor runs without end. */
export function readBounded(path: string, maxBytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new ApprovalError('APPROVAL_ENVELOPE_INVALID', `${path} is not a file`);
    const buffer = Buffer.alloc(Math.min(stat.size, maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
    if (length > maxBytes) throw new ApprovalError('APPROVAL_TOO_LARGE', `${path} is over ${maxBytes} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
