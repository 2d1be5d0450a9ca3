import { lstatSync, statSync } from 'node:fs';
import type { ArtefactChange, ChangeEvidence } from '../../approval/index.ts';
import type { KeptWriter } from '../state/kept-writers.ts';

/** Milliseconds by which a write and the times of the file may differ: who wrote before did not write this. */
const SAME_WRITE_MS = 2_000;

/**
 * What is known of a change to an artefact of a server: when its file was last written or put in its place, by the
 * file system, and who wrote it, where that was the last one to do so. Of a package, whose files are many, it
 * tells nothing.
 */
export function evidenceOf(
  { role, path, change }: ArtefactChange,
  serverId: string,
  writerOf: (path: string) => KeptWriter | null,
): ChangeEvidence | null {
  if (role === 'package') return null;
  const stat = statOf(role, path);
  const kept = writerOf(path);
  const written = stat === undefined ? null : Math.max(stat.mtimeMs, stat.ctimeMs);
  const isLast = kept !== null && (written === null || Math.abs(kept.time - written) <= SAME_WRITE_MS);
  const writer = isLast ? { name: kept.name, pid: kept.pid, of_server: kept.server_id === serverId } : null;
  // The file of an entry holds others, too: its times tell of the entry only with the one who wrote it.
  const tells = change !== 'removed' && (role !== 'config' || writer !== null);
  const time = isLast ? kept.time : tells ? written : null;
  return time === null && writer === null ? null : { time, writer };
}

function statOf(role: string, path: string) {
  try {
    return (role === 'config' ? statSync : lstatSync)(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
