import { chmodSync, closeSync, openSync } from 'node:fs';

/** Creates a file that only its owner reads and writes; takes those rights from others where it exists. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
