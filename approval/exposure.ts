import { statSync } from 'node:fs';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Whether someone else than root and the caller could have written what lies at a path: it belongs to
 * neither, or its mode lets group or others write. A sticky directory is no exposure of what lies in it.
 * Throws as statSync does.
 */
export function isExposed(path: string): boolean {
  const { mode, uid } = statSync(path);
  if (uid !== 0 && uid !== process.getuid?.()) return true;
  return (mode & OTHERS_MAY_WRITE) !== 0 && (mode & 0o1000) === 0;
}
