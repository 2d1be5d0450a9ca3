import type { Image } from './launch-chain.ts';
import type { Membership, ProcessEntry, ProcessTable } from './process-table.ts';

export interface Joining {
  readonly membership: Membership;
  /** Whether a process is free to join: it belongs to no server yet, or to one that is given up. */
  readonly isFree: (entry: ProcessEntry) => boolean;
  /** The membership of an image of its own, from that of its parent. */
  readonly advance: (from: Membership, entry: ProcessEntry, parent: ProcessEntry) => Membership;
}

/**
 * Gives a process membership of a server that was not known of when it began, and all that came out of it since.
 * Answers those that joined, the oldest first; some may have ended.
 */
export function joinSubtree(
  table: ProcessTable,
  root: ProcessEntry,
  { membership, isFree, advance }: Joining,
): readonly ProcessEntry[] {
  root.membership = membership;
  const seen = new Set([root]);
  const joined = [root];
  const join = (entry: ProcessEntry): void => {
    const { parent } = entry;
    if (parent === null || seen.has(entry)) return;
    seen.add(entry);
    join(parent);
    const from = parent.membership;
    if (from?.serverId !== membership.serverId || !isFree(entry)) return;
    entry.membership = sameImage(entry, parent) ? from : advance(from, entry, parent);
    joined.push(entry);
  };
  for (const entry of table.descendants(root)) join(entry);
  return joined;
}

/** Whether two processes run the same, as a fork does that took no image of its own. */
export function sameImage(a: Image, b: Image): boolean {
  if (a.argv === b.argv) return a.exe === b.exe;
  return (
    a.exe === b.exe && a.argv.length === b.argv.length && a.argv.every((word, at) => word === b.argv[at])
  );
}
