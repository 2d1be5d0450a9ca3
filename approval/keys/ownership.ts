import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { OTHERS_MAY_WRITE, RESTRICTED_DELETION } from './exposure.ts';

/**
 * The first of a path, the directories above it and the links on the way that someone else than `owners` could
 * have written or replaced; null where all are theirs. A sticky directory lets nobody replace what others own, so
 * it is trusted above the path, not as the path itself. Throws as lstatSync does.
 */
export function exposedPart(path: string, owners: readonly number[]): string | null {
  const real = realpathSync(path);
  // A link can be pointed elsewhere by whoever can write the directory that it lies in.
  const own = path === real ? [real] : [real, dirname(path)];
  for (const start of own) {
    const target = realpathSync(start);
    for (let at = target; ; at = dirname(at)) {
      if (isWritable(lstatSync(at), owners, at !== target || start !== real)) return at;
      if (at === dirname(at)) break;
    }
  }
  return null;
}

function isWritable(stat: Stats, owners: readonly number[], stickyIsSafe: boolean): boolean {
  if (!owners.includes(stat.uid)) return true;
  if ((stat.mode & OTHERS_MAY_WRITE) === 0) return false;
  return !(stickyIsSafe && stat.isDirectory() && (stat.mode & RESTRICTED_DELETION) !== 0);
}
