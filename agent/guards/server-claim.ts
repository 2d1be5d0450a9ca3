import { readdirSync, statSync } from 'node:fs';
import type { ProcessEntry, ProcessTable } from '../enrich/process-table.ts';
import { sameImage } from '../enrich/subtree.ts';

/** Processes between a guard and the server that it started, at the most. */
const MAX_BETWEEN = 8;
/** Descriptors of a guard that are looked at for its journal. */
const MAX_DESCRIPTORS = 256;

/** What a guard's record says: this process is that server. */
export interface ServerClaim {
  readonly serverId: string;
  readonly pid: number;
  /** The guard that started it. */
  readonly guard: number;
  /** Whose journal it stands in. */
  readonly uid: number;
  /** Names of that user. */
  readonly names: ReadonlySet<string>;
  /** `device:inode` of that journal. */
  readonly journal: string;
}

/** Asks about processes as they are now. */
export interface ClaimGrounds {
  readonly table: Pick<ProcessTable, 'get'>;
  /** Start time of a living process in clock ticks since boot; null where it is gone. */
  readonly startOf: (pid: number) => number | null;
  /** Whether a process holds this file (`device:inode`) open. */
  readonly holdsOpen: (pid: number, file: string) => boolean;
}

/**
 * The process that a claim is about. It counts only where the guard is a process of the journal's owner that holds the
 * journal open, belongs to no server itself, and is above the claimed process, both as they were heard of: so nobody
 * can make a server of what another process started. `unknown` where either was not heard of yet, or not of what
 * the process runs.
 */
export function claimedProcess(
  claim: ServerClaim,
  grounds: ClaimGrounds,
): ProcessEntry | 'unknown' | 'false' {
  const { table, startOf, holdsOpen } = grounds;
  const [entry, guard] = [table.get(claim.pid), table.get(claim.guard)];
  if (entry === null || guard === null) return 'unknown';
  const isAlive = ({ pid, start }: ProcessEntry) => startOf(pid) === start;
  if (!isAlive(entry) || !isAlive(guard)) return 'false';
  if (guard.uid !== claim.uid || guard.membership !== null) return 'false';
  if (!isBelow(entry, guard) || !holdsOpen(guard.pid, claim.journal)) return 'false';
  // Seen between fork and exec: what it runs is still to come.
  return entry.parent !== null && sameImage(entry, entry.parent) ? 'unknown' : entry;
}

function isBelow(entry: ProcessEntry, above: ProcessEntry): boolean {
  let at = entry.parent;
  for (let steps = 0; at !== null && steps < MAX_BETWEEN; steps += 1) {
    if (at === above) return true;
    at = at.parent;
  }
  return false;
}

/** By the links in proc(5), /proc/PID/fd; false where these may not be read. */
export function holdsOpen(pid: number, file: string): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory)
      .slice(0, MAX_DESCRIPTORS)
      .some((name) => {
        const stat = statSync(`${directory}/${name}`, { bigint: true, throwIfNoEntry: false });
        return stat !== undefined && `${stat.dev}:${stat.ino}` === file;
      });
  } catch {
    return false;
  }
}
