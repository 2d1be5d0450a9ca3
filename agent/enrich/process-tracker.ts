import type { FileWrite, ProcessEvent, ProcessExec, ProcessSocket } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { Place } from '../state/destinations.ts';
import type { ProcessOf } from './file-actors.ts';
import { alertServer, type KnownServer, serverFields } from './known-server.ts';
import {
  type Image,
  isShebangStep,
  isShell,
  type Launch,
  roleAfterLauncher,
  rootRole,
} from './launch-chain.ts';
import { matchesLaunch } from './launch-match.ts';
import type { PolicyAnswer } from './policy-checks.ts';
import { commandLine, type Membership, type ProcessEntry, ProcessTable } from './process-table.ts';

/** Servers remembered after they left their config; the oldest is forgotten first. */
const MAX_DEPARTED = 1_000;

export interface TrackerOptions {
  readonly userName: (uid: number) => string;
  readonly product: 'linux' | 'macos';
  /** Names of a client's own processes, by client id. */
  readonly clientProcesses: (client: string) => readonly string[];
  /** What a server's approval says of an image that it starts. */
  readonly policyOf: (serverId: string, image: Image, shell: boolean) => PolicyAnswer;
  /** Whether a process runs a shell under a name that is no shell's. */
  readonly isDisguisedShell: (pid: number, image: Image) => boolean;
  /** What a server's approval says of a connection. */
  readonly connectionPolicy: (serverId: string, to: Place) => PolicyAnswer;
  /** Whether a server is seen to connect there for the first time. */
  readonly firstDestination: (known: KnownServer, to: Place) => boolean;
  /** Whether this start of a server is the first to be told of in its present state. */
  readonly firstReport: (known: KnownServer) => boolean;
}

/** Follows which process belongs to which server and turns what they start into facts. */
export class ProcessTracker {
  readonly table = new ProcessTable();
  readonly #options: TrackerOptions;
  #servers: ReadonlyMap<string, KnownServer> = new Map();
  /** Servers that left their config, as they were: what they started may still run. */
  readonly #departed = new Map<string, KnownServer>();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** The servers as they are now; running processes keep their membership, also of a server that is gone. */
  setServers(servers: readonly KnownServer[]): void {
    const now = new Map(servers.map((known) => [known.discovered.server.id, known]));
    for (const [id, known] of this.#servers) {
      if (!now.has(id)) this.#departed.set(id, known);
    }
    for (const id of this.#departed.keys()) {
      if (now.has(id) || this.#departed.size > MAX_DEPARTED) this.#departed.delete(id);
    }
    this.#servers = now;
  }

  /** The server that a process belongs to; null where it belongs to none. */
  serverOf(entry: ProcessEntry): KnownServer | null {
    return entry.membership === null ? null : (this.#known(entry.membership.serverId) ?? null);
  }

  #known(id: string): KnownServer | undefined {
    return this.#servers.get(id) ?? this.#departed.get(id);
  }

  /** A socket of a process in a subtree as a fact; null for all others. */
  socket(event: ProcessSocket): Fact | null {
    const entry = this.table.recent(event.pid, event.start);
    const known = entry === null ? null : this.serverOf(entry);
    if (entry === null || entry.membership === null || known === null) return null;
    const { role, serverId } = entry.membership;
    const user = this.#options.userName(entry.uid);
    const cmdline = commandLine(entry.argv);
    const { action, address, port } = event;
    const place =
      action === 'connect'
        ? {
            Initiated: 'true',
            DestinationIp: address,
            DestinationPort: port,
            'mcp.policy':
              role === 'launcher' ? 'none' : this.#options.connectionPolicy(serverId, { address, port }),
            'mcp.first_destination': this.#options.firstDestination(known, { address, port }),
          }
        : { Initiated: 'false', SourceIp: address, SourcePort: port };
    return {
      time: event.time,
      logsource: { category: 'network_connection', product: this.#options.product },
      fields: {
        Image: entry.exe,
        CommandLine: cmdline,
        User: user,
        ProcessId: entry.pid,
        Protocol: 'tcp',
        ...place,
        ...serverFields(known),
        'mcp.action': action,
        'mcp.in_subtree': true,
        'mcp.in_launch_chain': role !== 'inside',
        'mcp.is_launcher': role === 'launcher',
      },
      user,
      server: alertServer(known),
      actor: { pid: entry.pid, exe: entry.exe, cmdline, in_subtree: true },
      ancestry: this.table.ancestry(entry, this.#options.userName),
      change: null,
    };
  }

  /** Who is behind a write; null where the process was never heard of. */
  writer({ pid, start }: FileWrite): ReturnType<ProcessOf> {
    const entry = this.table.recent(pid, start);
    if (entry === null) return null;
    // As they are now: the process may run something else by the time that somebody asks.
    const { membership, exe, argv, uid } = entry;
    // What fetches a package on the way to the server is not the server.
    const serverId = membership === null || membership.role === 'launcher' ? null : membership.serverId;
    return () => ({
      actor: { pid, exe, cmdline: commandLine(argv), in_subtree: serverId !== null },
      user: this.#options.userName(uid),
      ancestry: this.table.ancestry(entry, this.#options.userName),
      serverId,
    });
  }

  /** Takes in an event; gives the facts that it amounts to. */
  observe(event: ProcessEvent): readonly Fact[] {
    if (event.kind === 'process_fork') {
      this.table.fork(event);
      return [];
    }
    if (event.kind === 'process_exit') {
      this.table.exit(event);
      return [];
    }
    return this.#exec(event);
  }

  #exec(event: ProcessExec): readonly Fact[] {
    const before = this.table.get(event.pid);
    const previous: Image | null =
      before !== null && before.start === event.start ? imageOf(before) : imageOf(this.table.get(event.ppid));
    const { entry, fresh } = this.table.exec(event);
    if (!fresh) return [];
    const inherited = entry.membership;
    if (inherited === null) return this.#root(event, entry);
    entry.membership = this.#advance(inherited, entry, previous);
    return [this.#processFact(event, entry, entry.membership)].filter((fact) => fact !== null);
  }

  /** A process outside every subtree: is it a server that a client starts? */
  #root(event: ProcessExec, entry: ProcessEntry): readonly Fact[] {
    const known = this.#matching(entry);
    if (known?.launch == null) return [];
    const role = rootRole(entry, known.launch);
    entry.membership = { serverId: known.discovered.server.id, role, rootPid: entry.pid };
    const fact = this.#processFact(event, entry, entry.membership);
    return fact === null ? [] : [fact, this.#startFact(event, entry, known, fact)];
  }

  #advance(from: Membership, entry: ProcessEntry, previous: Image | null): Membership {
    const launch = this.#known(from.serverId)?.launch ?? null;
    if (launch === null || previous === null || from.role === 'inside') return { ...from, role: 'inside' };
    if (from.role === 'launcher') return { ...from, role: roleAfterLauncher(entry, previous, launch) };
    // A forked child shares its parent's membership; what became the server itself holds its own.
    const holder = entry.parent?.membership !== from;
    const stays = matchesLaunch(entry.argv, launch.spec) || isShebangStep(previous, entry);
    const same = holder && stays && !isShell(entry);
    return { ...from, role: same ? 'server' : 'inside' };
  }

  #matching(entry: ProcessEntry): KnownServer | null {
    let best: KnownServer | null = null;
    let bestScore = -1;
    for (const known of this.#servers.values()) {
      if (known.launch === null || !matchesLaunch(entry.argv, known.launch.spec)) continue;
      const score = this.#likelihood(entry, known, known.launch);
      if (score > bestScore) {
        best = known;
        bestScore = score;
      }
    }
    return best;
  }

  /**
   * Two clients may share one entry: the one whose user and process are in the ancestry is meant. A bare
   * interpreter or shell is a server only where its client is: anyone may start `bash`.
   */
  #likelihood(entry: ProcessEntry, known: KnownServer, launch: Launch): number {
    const names = this.#options.clientProcesses(known.discovered.server.client);
    const ancestry = this.table.ancestry(entry, this.#options.userName);
    const byClient = ancestry.some((ancestor) =>
      names.some((name) => names.length > 0 && hasWord(ancestor.cmdline, name)),
    );
    if (!byClient && isBare(launch)) return -1;
    const { project } = known.discovered.server;
    const byPlace = entry.cwd !== null && (entry.cwd === launch.spec.cwd || entry.cwd === project);
    return (launch.spec.uid === entry.uid ? 4 : 0) + (byClient ? 2 : 0) + (byPlace ? 1 : 0);
  }

  #processFact(event: ProcessExec, entry: ProcessEntry, membership: Membership): Fact | null {
    const known = this.#known(membership.serverId);
    if (known === undefined) return null;
    const user = this.#options.userName(entry.uid);
    const ancestry = this.table.ancestry(entry, this.#options.userName);
    const cmdline = commandLine(entry.argv);
    const disguised = membership.role === 'inside' && this.#options.isDisguisedShell(entry.pid, entry);
    const policy = this.#policy(entry, membership, disguised);
    return {
      time: event.time,
      logsource: { category: 'process_creation', product: this.#options.product },
      fields: {
        Image: entry.exe,
        CommandLine: cmdline,
        CurrentDirectory: entry.cwd,
        User: user,
        ProcessId: entry.pid,
        ParentProcessId: entry.parent?.pid ?? event.ppid,
        ParentImage: entry.parent?.exe ?? null,
        ParentCommandLine: entry.parent === null ? null : commandLine(entry.parent.argv),
        ...serverFields(known),
        'mcp.in_subtree': true,
        'mcp.in_launch_chain': membership.role !== 'inside',
        'mcp.is_server': membership.role === 'server',
        'mcp.policy': policy,
        'mcp.disguised_shell': disguised,
        'mcp.script': event.script,
        'mcp.truncated': event.truncated,
        'mcp.source': event.source,
      },
      user,
      server: alertServer(known),
      actor: { pid: entry.pid, exe: entry.exe, cmdline, in_subtree: true },
      ancestry,
      change: null,
    };
  }

  /** The launch chain is what was approved itself; the policy is about what comes out of it. */
  #policy(entry: ProcessEntry, { serverId, role }: Membership, disguised: boolean): PolicyAnswer {
    if (role !== 'inside') return 'none';
    const answer = this.#options.policyOf(serverId, entry, disguised || isShell(entry));
    entry.denied = answer === 'none' || answer === 'allowed' ? null : answer;
    return answer;
  }

  #startFact(event: ProcessExec, entry: ProcessEntry, known: KnownServer, process: Fact): Fact {
    return {
      ...process,
      logsource: { category: 'approval', product: 'mcp' },
      fields: {
        ...serverFields(known),
        'mcp.change': 'server_started',
        'mcp.reason': known.verdict.reason,
        'mcp.first_report': this.#options.firstReport(known),
        'mcp.already_running': event.source === 'sweep',
        Image: entry.exe,
        CommandLine: commandLine(entry.argv),
        User: process.user,
        ProcessId: entry.pid,
      },
    };
  }
}

function isBare({ spec }: Launch): boolean {
  return spec.args.length === 0 && (spec.launcher === 'interpreter' || spec.launcher === 'shell');
}

function imageOf(entry: ProcessEntry | null): Image | null {
  return entry === null ? null : { exe: entry.exe, argv: entry.argv };
}

function hasWord(cmdline: string, name: string): boolean {
  return cmdline.split(/[\s/]/).includes(name);
}
