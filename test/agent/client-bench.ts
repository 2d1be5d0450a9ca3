import type { TestContext } from 'node:test';
import { GuardProcesses } from '../../agent/enrich/guard-processes.ts';
import { KernelMarks } from '../../agent/enrich/kernel-marks.ts';
import type { KnownServer } from '../../agent/enrich/known-server.ts';
import type { LivingProcesses } from '../../agent/enrich/living-process.ts';
import { ProcessFacts } from '../../agent/enrich/process-facts.ts';
import { ProcessTable } from '../../agent/enrich/process-table.ts';
import { ProcessTracker } from '../../agent/enrich/process-tracker.ts';
import { UnmanagedServers } from '../../agent/enrich/unmanaged-servers.ts';
import type { Fact } from '../../agent/fact.ts';
import type { TrackedProcess } from '../../collectors/index.ts';
import type { Loss, ProcessExec, Profile } from '../../wire/index.ts';
import { execEvent, plainImage } from '../process-events.ts';

/** Longer than any child is waited for. */
export const LATER_MS = 2_000;
export const SERVER_NAME = '/opt/mcp-files';
const PIPED = plainImage({ stdin: 'pipe', stdout: 'socket' });
export const CLIENT = 10;
const HOME = '/home/ana';

interface Setting {
  readonly profile?: Profile;
  /** Uid whose configs are looked at. */
  readonly watched?: number;
  readonly streams?: Readonly<Record<number, readonly [string, string] | null>>;
  /** What the next look at the host finds. */
  readonly found?: readonly KnownServer[];
  /** Paths of the guard. */
  readonly guards?: readonly string[];
}

/** Everything between events of processes and facts but the collector; `claude` runs as process 10. */
export function bench(
  context: TestContext,
  { profile = 'developer', watched, streams, found, guards: paths = [] }: Setting = {},
) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const table = new ProcessTable();
  const told: Fact[] = [];
  const servers: KnownServer[] = [];
  const losses: Loss[] = [];
  const tracked: TrackedProcess[] = [];
  const reported = new Set<string>();
  let looks = 0;
  const guards = new GuardProcesses(paths);
  const userName = (uid: number) => `u${uid}`;
  const isNew = (key: string) => !reported.has(key) && reported.add(key) !== undefined;
  const tracker = new ProcessTracker({
    table,
    facts: new ProcessFacts({ table, userName, product: 'linux' }),
    marks: new KernelMarks(
      { track: (processes) => tracked.push(...processes) },
      { put: () => {}, load: () => new Map() },
    ),
    containers: { place: (_, membership) => ({ membership, entered: false }), ran: () => {} },
    userName,
    clientProcesses: () => ['claude'],
    guards,
    policyOf: () => 'none',
    isDisguisedShell: () => false,
    firstReport: () => true,
    onMarkTaken: () => {},
  });
  const streamsOf: LivingProcesses['streams'] = (pid) => {
    const [stdin, stdout] = streams?.[pid] ?? [];
    if (streams !== undefined && stdin === undefined) return null;
    return { stdin: stdin ?? 'pipe:[1]', stdout: stdout ?? 'pipe:[2]' };
  };
  const unmanaged = new UnmanagedServers({
    table,
    tracker,
    stance: { profile },
    userName,
    isNew,
    processes: { streams: streamsOf, home: () => HOME },
    guards,
    isWatched: (uid, home) => uid === (watched ?? 1000) && home === HOME,
    lookAgain: async () => {
      looks += 1;
      await Promise.resolve();
      if (found !== undefined) told.push(...tracker.setServers(found));
    },
    onFound: (server, facts) => {
      servers.push(server);
      told.push(...facts);
    },
    release: () => {},
    onLoss: (loss) => losses.push(loss),
  });
  context.after(() => unmanaged.stop());
  const exec = (pid: number, ppid: number, argv: readonly string[], more: Partial<ProcessExec> = {}) => {
    const event = execEvent(pid, ppid, argv, { image: PIPED, ...more });
    told.push(...tracker.observe(event));
    const entry = table.get(pid);
    if (entry !== null) unmanaged.observe(event, entry);
  };
  const later = async () => {
    context.mock.timers.tick(LATER_MS);
    await new Promise(setImmediate);
  };
  exec(CLIENT, 1, ['/usr/bin/node', '/usr/local/bin/claude'], { image: plainImage() });
  return { table, tracker, told, servers, losses, tracked, unmanaged, exec, later, looks: () => looks };
}

export const unmanagedOf = (told: readonly Fact[]) =>
  told.filter(({ fields }) => fields['mcp.change'] === 'unmanaged_server');

/** What is told of one child of the client. */
export async function judged(context: TestContext, argv: readonly string[], more: Partial<ProcessExec> = {}) {
  const { exec, later, told } = bench(context);
  exec(20, CLIENT, argv, more);
  await later();
  context.mock.timers.reset();
  return unmanagedOf(told).map(({ fields, server }) => ({
    name: server?.name,
    evidence: fields['mcp.evidence'],
  }));
}
