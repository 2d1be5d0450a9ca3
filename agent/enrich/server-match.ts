import type { KnownServer } from './known-server.ts';
import type { Launch } from './launch-chain.ts';
import { matchesLaunch } from './launch-match.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

export interface MatchGrounds {
  readonly table: ProcessTable;
  readonly userName: (uid: number) => string;
  /** Names of a client's own processes, by client id. */
  readonly clientProcesses: (client: string) => readonly string[];
}

/** The server that a process outside every subtree is the start of; null where no config asks for it. */
export function matchingServer(
  entry: ProcessEntry,
  servers: Iterable<KnownServer>,
  grounds: MatchGrounds,
): KnownServer | null {
  let best: KnownServer | null = null;
  let bestScore = -1;
  for (const known of servers) {
    if (known.launch === null || !matchesLaunch(entry.argv, known.launch.spec)) continue;
    const score = likelihood(entry, known, known.launch, grounds);
    if (score > bestScore) {
      best = known;
      bestScore = score;
    }
  }
  return best;
}

/** Whether a server is asked for just as it was before. */
export function hasSameLaunch(known: KnownServer, before: KnownServer | undefined): boolean {
  return before !== undefined && JSON.stringify(known.launch?.spec) === JSON.stringify(before.launch?.spec);
}

/**
 * Two clients may share one entry: the one whose user and process are in the ancestry is meant. A bare
 * interpreter or shell is a server only where its client is: anyone may start `bash`.
 */
function likelihood(
  entry: ProcessEntry,
  known: KnownServer,
  launch: Launch,
  { table, userName, clientProcesses }: MatchGrounds,
): number {
  const names = clientProcesses(known.discovered.server.client);
  const ancestry = table.ancestry(entry, userName);
  const byClient = ancestry.some((ancestor) =>
    names.some((name) => names.length > 0 && hasWord(ancestor.cmdline, name)),
  );
  if (!byClient && isBare(launch)) return -1;
  const { project } = known.discovered.server;
  const byPlace = entry.cwd !== null && (entry.cwd === launch.spec.cwd || entry.cwd === project);
  return (launch.spec.uid === entry.uid ? 4 : 0) + (byClient ? 2 : 0) + (byPlace ? 1 : 0);
}

function isBare({ spec }: Launch): boolean {
  return spec.args.length === 0 && (spec.launcher === 'interpreter' || spec.launcher === 'shell');
}

function hasWord(cmdline: string, name: string): boolean {
  return cmdline.split(/[\s/]/).includes(name);
}
