import { statSync } from 'node:fs';

/** Mode bits that let group or others write. */
export const OTHERS_MAY_WRITE = 0o022;

/**
 * Whether someone else than root and the caller could have written what lies at a path: it belongs to
 * neither, or its mode lets group or others write. A sticky directory is no exposure of what lies in it.
 * Throws as statSync does.
 */
export function isExposed(path: string): boolean {
  const stat = statSync(path);
  if (stat.uid !== 0 && stat.uid !== process.getuid?.()) return true;
  const sticky = stat.isDirectory() && (stat.mode & 0o1000) !== 0;
  return (stat.mode & OTHERS_MAY_WRITE) !== 0 && !sticky;
}
