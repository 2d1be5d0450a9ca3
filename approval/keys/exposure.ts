import { lstatSync, statSync } from 'node:fs';

/** Mode bits that let group or others write. */
export const OTHERS_MAY_WRITE = 0o022;
/** Mode bits that let group or others do anything. */
export const OTHERS_MAY_ANYTHING = 0o077;
const ALL_MAY_WRITE = 0o002;
/** The sticky bit, which stat(2) calls the restricted deletion flag: only owners may replace what lies there. */
export const RESTRICTED_DELETION = 0o1000;

/**
 * Whether someone else than root and the caller could have written what lies at a path: it belongs to
 * neither, or its mode lets group or others write. A sticky directory is no exposure of what lies in it.
 * Throws as statSync does.
 */
export function isExposed(path: string): boolean {
  const stat = statSync(path);
  if (stat.uid !== 0 && stat.uid !== process.getuid?.()) return true;
  const sticky = stat.isDirectory() && (stat.mode & RESTRICTED_DELETION) !== 0;
  return (stat.mode & OTHERS_MAY_WRITE) !== 0 && !sticky;
}

/**
 * Whether anyone at all could replace what lies in a directory. Its group may: those of package managers often can
 * (Homebrew's). Throws as statSync does.
 */
export function isAnyones(directory: string): boolean {
  const stat = statSync(directory);
  if (stat.uid !== 0 && stat.uid !== process.getuid?.()) return true;
  return (stat.mode & ALL_MAY_WRITE) !== 0 && (stat.mode & RESTRICTED_DELETION) === 0;
}

/**
 * Whether a path is a directory of the caller's that is closed to everybody else; a link is none, and neither is what
 * cannot be looked at.
 */
export function isPrivateDirectory(path: string): boolean {
  try {
    const stat = lstatSync(path);
    const isOwn = stat.uid === (process.getuid?.() ?? stat.uid);
    return stat.isDirectory() && isOwn && (stat.mode & OTHERS_MAY_ANYTHING) === 0;
  } catch {
    return false;
  }
}
