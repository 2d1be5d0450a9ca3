import type {
  FileWrite,
  InodeChange,
  KernelMember,
  ProcessEvent,
  ProcessExec,
  ProcessFork,
  ProcessMember,
} from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { ProcessOf } from './file-actors.ts';
import type { KernelMarks } from './kernel-marks.ts';
import type { KnownServer } from './known-server.ts';
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
import type { Before, ProcessFacts } from './process-facts.ts';
import { commandLine, type Membership, type ProcessEntry, type ProcessTable } from './process-table.ts';

/** Servers remembered after they left their config; the oldest is forgotten first. */
const MAX_DEPARTED = 1_000;

export interface TrackerOptions {
  readonly table: ProcessTable;
  readonly facts: ProcessFacts;
  readonly marks: KernelMarks;
  readonly userName: (uid: number) => string;
  /** Names of a client's own processes, by client id. */
  readonly clientProcesses: (client: string) => readonly string[];
  /** What a server's approval says of an image that it starts. */
  readonly policyOf: (serverId: string, image: Image, shell: boolean) => PolicyAnswer;
  /** Whether a process runs a shell under a name that is no shell's. */
  readonly isDisguisedShell: (pid: number, image: Image) => boolean;
  /** Whether this start of a server is the first to be told of in its present state. */
  readonly firstReport: (known: KnownServer) => boolean;
  /** Told where the kernel no longer holds a mark that it held. */
  readonly onMarkTaken: (entry: ProcessEntry) => void;
}

/** Follows which process belongs to which server and turns what they start into facts. */
export class ProcessTracker {
  readonly table: ProcessTable;
  readonly #options: TrackerOptions;
  #servers: ReadonlyMap<string, KnownServer> = new Map();
  /** Servers that left their config, as they were: what they started may still run. */
  readonly #departed = new Map<string, KnownServer>();

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.table = options.table;
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
    this.#options.marks.follow(servers);
  }

  /** The server that a process belongs to; null where it belongs to none. */
  serverOf(entry: ProcessEntry): KnownServer | null {
    return entry.membership === null ? null : (this.#known(entry.membership.serverId) ?? null);
  }

  #known(id: string): KnownServer | undefined {
    return this.#servers.get(id) ?? this.#departed.get(id);
  }

  /** Who is behind a write; null where the process was never heard of. */
  writer({ pid, start }: FileWrite | InodeChange): ReturnType<ProcessOf> {
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
  observe(event: ProcessEvent | ProcessMember): readonly Fact[] {
    switch (event.kind) {
      case 'process_fork':
        this.#fork(event);
        return [];
      case 'process_exit':
        this.table.exit(event);
        return [];
      case 'process_member':
        this.#member(event);
        return [];
      case 'process_exec':
        return this.#exec(event);
    }
  }

  #fork(event: ProcessFork): void {
    const entry = this.table.fork(event);
    this.#adopt(entry, event.member);
    if (event.source === 'ebpf') this.#confirm(entry, event.member);
  }

  /** The kernel marked a process, or kept its mark from an earlier run: it may not be known yet. */
  #member({ pid, start, member }: ProcessMember): void {
    const entry = this.table.get(pid);
    if (entry === null || entry.start !== start) {
      this.#options.marks.keep(pid, start, member);
      return;
    }
    this.#adopt(entry, member);
    entry.marked = true;
  }

  /** The kernel saw every fork, also those that no agent was there to see. */
  #adopt(entry: ProcessEntry, member: KernelMember | null): void {
    if (entry.membership !== null || member === null) return;
    const { marks } = this.#options;
    entry.membership = marks.membershipOf(member);
    if (entry.membership === null || this.#known(entry.membership.serverId) !== undefined) return;
    const past = marks.pastServer(member.tag);
    if (past !== null) this.#departed.set(past.discovered.server.id, past);
  }

  #confirm(entry: ProcessEntry, seen: KernelMember | null): void {
    const { membership } = entry;
    if (membership === null) return;
    const confirmation = this.#options.marks.confirm(entry, membership, seen);
    if (confirmation === 'taken_away') this.#options.onMarkTaken(entry);
  }

  #exec(event: ProcessExec): readonly Fact[] {
    const known = this.table.get(event.pid);
    const before = beforeOf(
      known !== null && known.start === event.start ? known : this.table.get(event.ppid),
    );
    const { entry, fresh } = this.table.exec(event);
    const kept = this.#options.marks.take(event.pid, event.start);
    const seen = event.image?.member ?? kept;
    this.#adopt(entry, seen);
    if (!fresh) return [];
    const facts = this.#judge(event, entry, before, event.source === 'sweep' && kept !== null);
    this.#confirm(entry, seen);
    return facts;
  }

  #judge(event: ProcessExec, entry: ProcessEntry, before: Before | null, isKept: boolean): readonly Fact[] {
    const inherited = entry.membership;
    if (inherited === null) return this.#root(event, entry);
    // What ran while no agent did is what the kernel says: nobody saw what it was before.
    if (!isKept) entry.membership = this.#advance(inherited, entry, before?.image ?? null);
    const fact = this.#processFact(event, entry, entry.membership ?? inherited, before);
    return fact === null ? [] : [fact, ...this.#options.facts.prevented(event, fact)];
  }

  /** A process outside every subtree: is it a server that a client starts? */
  #root(event: ProcessExec, entry: ProcessEntry): readonly Fact[] {
    const known = this.#matching(entry);
    if (known?.launch == null) return [];
    const role = rootRole(entry, known.launch);
    entry.membership = { serverId: known.discovered.server.id, role, rootPid: entry.pid };
    this.#options.marks.remember(known);
    const fact = this.#processFact(event, entry, entry.membership, null);
    if (fact === null) return [];
    const isFirst = this.#options.firstReport(known);
    return [fact, this.#options.facts.start(event, entry, known, fact, isFirst)];
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

  #processFact(
    event: ProcessExec,
    entry: ProcessEntry,
    membership: Membership,
    before: Before | null,
  ): Fact | null {
    const known = this.#known(membership.serverId);
    if (known === undefined) return null;
    const disguised = membership.role === 'inside' && this.#options.isDisguisedShell(entry.pid, entry);
    const policy = this.#policy(entry, membership, disguised);
    return this.#options.facts.exec(event, entry, membership, known, { policy, disguised, before });
  }

  /** The launch chain is what was approved itself; the policy is about what comes out of it. */
  #policy(entry: ProcessEntry, { serverId, role }: Membership, disguised: boolean): PolicyAnswer {
    if (role !== 'inside') return 'none';
    const answer = this.#options.policyOf(serverId, entry, disguised || isShell(entry));
    entry.denied = answer === 'none' || answer === 'allowed' ? null : answer;
    return answer;
  }
}

function isBare({ spec }: Launch): boolean {
  return spec.args.length === 0 && (spec.launcher === 'interpreter' || spec.launcher === 'shell');
}

function beforeOf(entry: ProcessEntry | null): Before | null {
  if (entry === null) return null;
  const { exe, argv, uid, capabilities, loaderVariables } = entry;
  return { image: { exe, argv }, uid, capabilities, loaderVariables };
}

function hasWord(cmdline: string, name: string): boolean {
  return cmdline.split(/[\s/]/).includes(name);
}
