import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a new file beside a path, hands it to `place` by its name, and removes what is left of it. Throws as the
 * system does.
 */
export function writeBeside(
  path: string,
  text: string,
  mode: number,
  place: (temporary: string) => void,
): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    place(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Puts a text in the place of a file, so that who reads it gets the old or the new one whole. Throws as the system does. */
export function replaceFile(path: string, text: string, mode: number): void {
  writeBeside(path, text, mode, (temporary) => renameSync(temporary, path));
}
