import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Does a deed with the rights of whoever owns what lies nearest above a path, where this program is root and that is
 * somebody else: what it makes there is theirs, and no link of theirs leads it to what they could not have written
 * themselves. The rights of the whole process change meanwhile (seteuid(2)), so the deed must not wait for anything.
 */
export function asOwnerOf<T>(path: string, deed: () => T): T {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined || process.setegid === undefined)
    return deed();
  const { uid, gid } = nearest(path);
  if (uid === 0) return deed();
  const group = process.getegid?.() ?? 0;
  process.setegid(gid);
  try {
    process.seteuid(uid);
    return deed();
  } finally {
    process.seteuid(0);
    process.setegid(group);
  }
}

function nearest(path: string): { readonly uid: number; readonly gid: number } {
  for (let at = dirname(path); ; at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found !== undefined) return found;
    if (at === dirname(at)) return { uid: 0, gid: 0 };
  }
}
