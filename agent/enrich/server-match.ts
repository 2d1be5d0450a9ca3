import type { GuardProcesses } from './guard-processes.ts';
import type { KnownServer } from './known-server.ts';
import type { Launch } from './launch-chain.ts';
import { matchesLaunch } from './launch-match.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

export interface MatchGrounds {
  readonly table: ProcessTable;
  readonly userName: (uid: number) => string;
  /** Names of a client's own processes, by client id. */
  readonly clientProcesses: (client: string) => readonly string[];
  /** What stands between clients and servers. */
  readonly guards: GuardProcesses;
}

/** The server that a process outside every subtree is the start of; null where no config asks for it. */
export function matchingServer(
  entry: ProcessEntry,
  servers: Iterable<KnownServer>,
  grounds: MatchGrounds,
): KnownServer | null {
  // The launcher has the words of the server that it starts.
  if (grounds.guards.has(entry)) return null;
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
 * Two clients may share one entry: the one whose user and process are in the ancestry is meant; two entries may ask
 * for the same: the one whose guard started the process is meant. A bare
 * interpreter or shell is a server only where its client is: anyone may start `bash`.
 */
function likelihood(
  entry: ProcessEntry,
  known: KnownServer,
  launch: Launch,
  { table, userName, clientProcesses, guards }: MatchGrounds,
): number {
  const names = clientProcesses(known.discovered.server.client);
  const ancestry = table.ancestry(entry, userName);
  const byClient = ancestry.some((ancestor) =>
    names.some((name) => names.length > 0 && hasWord(ancestor.cmdline, name)),
  );
  const { guard, server } = known.discovered;
  const byGuard = guard !== null && endsWith(guards.above(entry)?.argv ?? [], guard.args);
  if (!byClient && !byGuard && isBare(launch)) return -1;
  const { project } = server;
  const byPlace = entry.cwd !== null && (entry.cwd === launch.spec.cwd || entry.cwd === project);
  const isOwn = launch.spec.uid === entry.uid;
  return (isOwn ? 8 : 0) + (byGuard ? 4 : 0) + (byClient ? 2 : 0) + (byPlace ? 1 : 0);
}

function endsWith(argv: readonly string[], words: readonly string[]): boolean {
  const start = argv.length - words.length;
  return start >= 0 && words.every((word, index) => argv[start + index] === word);
}

function isBare({ spec }: Launch): boolean {
  return spec.args.length === 0 && (spec.launcher === 'interpreter' || spec.launcher === 'shell');
}

function hasWord(cmdline: string, name: string): boolean {
  return cmdline.split(/[\s/]/).includes(name);
}
