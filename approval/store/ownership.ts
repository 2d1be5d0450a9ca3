import { lstatSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/**
 * Does a deed with the rights of whoever owns the first directory on the way to a path that is not root's, where this program is
 * root: what it makes there is theirs, and no link of theirs leads it to what they could not have written themselves. The
 * rights of the whole process change meanwhile (seteuid(2)), so the deed must not wait for anything.
 */
export function asOwnerOf<T>(path: string, deed: () => T): T {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined || process.setegid === undefined)
    return deed();
  const owner = firstOther(dirname(resolve(path)));
  if (owner === null) return deed();
  const group = process.getegid?.() ?? 0;
  process.setegid(owner.gid);
  try {
    process.seteuid(owner.uid);
    return deed();
  } finally {
    process.seteuid(0);
    process.setegid(group);
  }
}

/** Who owns a directory decides what all names below it lead to. */
function firstOther(directory: string): { readonly uid: number; readonly gid: number } | null {
  const names = directory.split(sep).filter((name) => name !== '');
  let at: string = sep;
  for (const name of names) {
    at = join(at, name);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.uid !== 0) return found;
  }
  return null;
}
