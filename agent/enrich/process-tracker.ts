import type {
  FileWrite,
  InodeChange,
  KernelMember,
  ProcessEvent,
  ProcessExec,
  ProcessFork,
  ProcessMember,
} from '../../wire/index.ts';
import type { ContainerFollower, FoundContainer } from '../containers/container-follower.ts';
import { ContainerJoining } from '../containers/container-joining.ts';
import { roleInContainer } from '../containers/container-roles.ts';
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
import { hasSameLaunch, type MatchGrounds, matchingServer } from './server-match.ts';
import { joinSubtree } from './subtree.ts';
import { isUnmanaged } from './unmanaged-server.ts';

/** Servers remembered after they left their config; the oldest is forgotten first. */
const MAX_DEPARTED = 1_000;

export interface TrackerOptions extends MatchGrounds {
  readonly facts: ProcessFacts;
  readonly marks: KernelMarks;
  readonly containers: Pick<ContainerFollower, 'place' | 'ran'>;
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

  /**
   * The servers as they are now; running processes keep their membership, also of a server that is gone. A client
   * may be faster than the look at its config: what runs already is told as far as nobody told it before.
   */
  setServers(servers: readonly KnownServer[]): readonly Fact[] {
    const now = new Map(servers.map((known) => [known.discovered.server.id, known]));
    const fresh = servers.filter(
      (known) => !hasSameLaunch(known, this.#servers.get(known.discovered.server.id)),
    );
    for (const [id, known] of this.#servers) {
      if (!now.has(id)) this.#departed.set(id, known);
    }
    for (const id of this.#departed.keys()) {
      if (now.has(id) || this.#departed.size > MAX_DEPARTED) this.#departed.delete(id);
    }
    this.#servers = now;
    this.#options.marks.follow(servers);
    return this.#findRunning(fresh);
  }

  #findRunning(fresh: readonly KnownServer[]): readonly Fact[] {
    const isAsked = ({ argv }: ProcessEntry) =>
      fresh.some(({ launch }) => launch !== null && matchesLaunch(argv, launch.spec));
    const found = fresh.length === 0 ? [] : this.table.living().filter(isAsked);
    return found.flatMap((entry) => {
      const known = this.#isFree(entry) ? this.#matching(entry) : null;
      return known?.launch == null ? [] : this.#joinLate(entry, known, known.launch);
    });
  }

  /** Whoever was taken for an unmanaged server is told already. */
  #joinLate(entry: ProcessEntry, known: KnownServer, launch: Launch | null): readonly Fact[] {
    const isTold = [entry, ...this.table.descendants(entry)].some(
      (each) => each.membership !== null && this.#isFree(each),
    );
    const { id } = known.discovered.server;
    this.#options.marks.remember(known);
    const role = launch === null ? 'server' : rootRole(entry, launch);
    const joined = this.#join(entry, { serverId: id, role, rootPid: entry.pid });
    if (isTold) return [];
    const told = joined.filter((each) => each === entry || each.membership !== each.parent?.membership);
    const [first, ...others] = told.flatMap((each) => this.belated(runningExec(each)) ?? []);
    if (first === undefined) return [];
    const isFirst = this.#options.firstReport(known);
    return [first, this.#options.facts.start(runningExec(entry), entry, known, first, isFirst), ...others];
  }

  #isFree({ membership }: ProcessEntry): boolean {
    const known = membership === null ? null : this.#known(membership.serverId);
    return known === null || (known !== undefined && isUnmanaged(known));
  }

  /** The living ones that joined. */
  #join(root: ProcessEntry, membership: Membership): readonly ProcessEntry[] {
    const { marks } = this.#options;
    const joined = joinSubtree(this.table, root, {
      membership,
      isFree: (entry) => this.#isFree(entry),
      advance: (from, entry, parent) => this.#advance(from, entry, parent),
    }).filter((entry) => this.table.get(entry.pid) === entry);
    for (const entry of joined) {
      if (entry.membership === null) continue;
      marks.confirm(entry, entry.membership, null);
      this.#options.containers.ran(runningExec(entry), entry, entry.membership);
    }
    return joined;
  }

  /** A server that no config asks for was found by its process, which belongs to it from now on. */
  adopt(known: KnownServer, entry: ProcessEntry): void {
    const { id } = known.discovered.server;
    this.#departed.set(id, known);
    this.#options.marks.follow([known]);
    this.#options.marks.remember(known);
    this.#join(entry, { serverId: id, role: 'server', rootPid: entry.pid });
  }

  /**
   * A guard started a process for a server, whatever its command line says. One that belongs to a server already stays
   * there: nothing inside a subtree may leave it this way. Null where no user of these names has such a server.
   */
  claim(entry: ProcessEntry, serverId: string, users: ReadonlySet<string>): readonly Fact[] | null {
    const known = this.#servers.get(serverId);
    if (known === undefined || !users.has(known.discovered.server.user)) return null;
    return this.#isFree(entry) ? this.#joinLate(entry, known, known.launch) : [];
  }

  /** Whether a config asks for what a process runs. */
  explains(entry: ProcessEntry): boolean {
    return this.#matching(entry) !== null;
  }

  /** A fact about an image that a member took before it was known as one. */
  belated(event: ProcessExec): Fact | null {
    const entry = this.table.recent(event.pid, event.start);
    if (entry === null || entry.membership === null) return null;
    const { exe, argv, cwd, uid } = event;
    return this.#processFact(event, { ...entry, exe, argv, cwd, uid }, entry.membership, null);
  }

  /** What ran in a container that turned out to be a server's, as facts. */
  joinContainer(found: FoundContainer): readonly Fact[] {
    const confirm = (entry: ProcessEntry) => {
      if (entry.membership !== null) this.#options.marks.confirm(entry, entry.membership, null);
    };
    const factOf = (event: ProcessExec) => this.belated(event);
    return new ContainerJoining({ table: this.table, factOf, confirm }, found).join();
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
    const { containers } = this.#options;
    const { membership, entered } = containers.place(event, entry.membership, before?.image ?? null);
    entry.membership = membership;
    const facts = this.#judge(event, entry, before, entered || (event.source === 'sweep' && kept !== null));
    this.#confirm(entry, seen);
    if (entry.membership !== null) containers.ran(event, entry, entry.membership);
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
    const isHolder = entry.parent?.membership !== from;
    if (from.container !== undefined && previous !== null)
      return { ...from, role: roleInContainer(from.role, isHolder, previous, entry) };
    const launch = this.#known(from.serverId)?.launch ?? null;
    if (launch === null || previous === null || from.role === 'inside') return { ...from, role: 'inside' };
    if (from.role === 'launcher') return { ...from, role: roleAfterLauncher(entry, previous, launch) };
    // A forked child shares its parent's membership; what became the server itself holds its own.
    const stays = matchesLaunch(entry.argv, launch.spec) || isShebangStep(previous, entry);
    const same = isHolder && stays && !isShell(entry) && !this.#hides(entry);
    return { ...from, role: same ? 'server' : 'inside' };
  }

  /** A server may start itself anew, and its shim the real one: both from a file, and neither is a shell. */
  #hides(entry: ProcessEntry): boolean {
    return entry.exe.endsWith(' (deleted)') || this.#options.isDisguisedShell(entry.pid, entry);
  }

  #matching(entry: ProcessEntry): KnownServer | null {
    return matchingServer(entry, this.#servers.values(), this.#options);
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

/** What a process runs now, as a sweep would tell it. */
function runningExec({ pid, start, parent, uid, exe, argv, cwd }: ProcessEntry): ProcessExec {
  const seen = { time: Date.now(), source: 'sweep', script: null, truncated: false, image: null } as const;
  return { ...seen, kind: 'process_exec', pid, ppid: parent?.pid ?? 0, start, uid, gid: uid, exe, argv, cwd };
}

function beforeOf(entry: ProcessEntry | null): Before | null {
  if (entry === null) return null;
  const { exe, argv, uid, capabilities, loaderVariables } = entry;
  return { image: { exe, argv }, uid, capabilities, loaderVariables };
}
