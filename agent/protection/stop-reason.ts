import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { OTHERS_MAY_WRITE } from '../../approval/index.ts';
import { STOP_REASONS, type StopReason } from '../../wire/index.ts';

/** Milliseconds that what stands there counts. */
const FRESH_MS = 5 * 60_000;
const MAX_BYTES = 64;

/**
 * Why this agent is being stopped. A word of the package's scripts counts only from root and for five minutes; without one it is a
 * stop like any other. `path` null: nobody says.
 */
export function stopReason(path: string | null, now: number, owner = 0): StopReason {
  if (path === null) return 'stop';
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      const isRoots = stat.isFile() && stat.uid === owner && (stat.mode & OTHERS_MAY_WRITE) === 0;
      if (!isRoots || Math.abs(now - stat.mtimeMs) > FRESH_MS) return 'stop';
      const buffer = Buffer.alloc(MAX_BYTES);
      const word = buffer.toString('utf8', 0, readSync(file, buffer, 0, MAX_BYTES, 0)).trim();
      return STOP_REASONS.find((reason) => reason === word) ?? 'stop';
    } finally {
      closeSync(file);
    }
  } catch {
    return 'stop';
  }
}
