import { closeSync, fchmodSync, openSync, rmSync, writeSync } from 'node:fs';

/** Times that a file which somebody puts in the way is removed. */
const MAX_TRIES = 3;

/**
 * Tells the agent that it is being uninstalled. The directory belongs to the agent's user: nothing that lies there is
 * followed or written into. Answers whether it could be told.
 */
export function tellUninstall(path: string): boolean {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      rmSync(path, { force: true, recursive: true });
      const file = openSync(path, 'wx', 0o644);
      try {
        writeSync(file, 'uninstall\n');
        fchmodSync(file, 0o644);
      } finally {
        closeSync(file);
      }
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return false;
}
