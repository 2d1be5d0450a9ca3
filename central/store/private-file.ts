import { chmodSync, closeSync, fsyncSync, openSync } from 'node:fs';

/** Creates a file that only its owner reads and writes; takes those rights from others where it exists. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/** Makes sure that what was written to a file, or renamed in a directory, is on disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
