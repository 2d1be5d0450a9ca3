import { lstatSync } from 'node:fs';
import type { ArtefactChange, ChangeEvidence } from '../../approval/index.ts';

/**
 * What the file system tells of a change: when the file that is there now was last written or put in its place. Of
 * a package, whose files are many, and of an entry in a config, whose file holds others, it tells nothing.
 */
export function fileEvidence({ role, path, change }: ArtefactChange): ChangeEvidence | null {
  if (role === 'package' || role === 'config' || change === 'removed') return null;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : { time: Math.max(stat.mtimeMs, stat.ctimeMs), writer: null };
}
