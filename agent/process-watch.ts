import { type ProcessCollector, startOf, sweepProcesses } from '../collectors/index.ts';
import { clientProcesses } from '../inventory/index.ts';
import type { CollectorEvent } from '../wire/index.ts';
import { ContainerFollower, type FoundContainer } from './containers/container-follower.ts';
import { Denier } from './denier.ts';
import { factOfSelf, factOfTakenMark, factOfTamper, factOfUnfollowed } from './enrich/agent-facts.ts';
import { FileActors, type Writer } from './enrich/file-actors.ts';
import { GuardProcesses } from './enrich/guard-processes.ts';
import { KernelMarks, tagOf } from './enrich/kernel-marks.ts';
import { type KnownServer, startKey } from './enrich/known-server.ts';
import { launchWords } from './enrich/launch-words.ts';
import { procProcesses } from './enrich/living-process.ts';
import { MountTable } from './enrich/mount-table.ts';
import type { PolicyChecks } from './enrich/policy-checks.ts';
import { ProcessDeeds } from './enrich/process-deeds.ts';
import { ProcessFacts } from './enrich/process-facts.ts';
import { type ProcessEntry, ProcessTable } from './enrich/process-table.ts';
import { ProcessTracker } from './enrich/process-tracker.ts';
import { ShellImages } from './enrich/shell-images.ts';
import { UnmanagedServers } from './enrich/unmanaged-servers.ts';
import type { WatchedHomes } from './enrich/watched-homes.ts';
import type { Fact } from './fact.ts';
import { holdsOpen, type ServerClaim } from './guards/server-claim.ts';
import { ServerClaims } from './guards/server-claims.ts';
import type { Stance } from './stance.ts';
import { Destinations } from './state/destinations.ts';
import type { MarkedServers } from './state/marked-servers.ts';

export interface ProcessWatchOptions {
  readonly stance: Stance;
  /** Absolute paths of the guard of this installation. */
  readonly guards: readonly string[];
  readonly userName: (uid: number) => string;
  /** Whether starts of processes that belong to no server are told as well. */
  readonly wholeHost: boolean;
  /** Asked before each of these; false leaves it out. Unless given, all are told. */
  readonly takesOutside?: () => boolean;
  /** Whether a key is told for the first time in a week, across restarts. */
  readonly isNew: (key: string) => boolean;
  readonly policies: PolicyChecks;
  readonly marked: MarkedServers;
  readonly collector: Pick<
    ProcessCollector,
    'track' | 'enforce' | 'contain' | 'watchLaunches' | 'release' | 'end'
  >;
  /** Facts that come out of turn. */
  readonly onFact: (fact: Fact) => void;
  /** Whose configs are looked at. */
  readonly homes: WatchedHomes;
  /** Resolves after a look at the host that began after the call. */
  readonly lookAgain: () => Promise<void>;
}

/** Events about processes: read them as facts, and have ended what may not run. */
type WatchedEvent = Exclude<CollectorEvent, { kind: 'health' | 'loss' | 'path_change' }>;

/** What processes of servers do, and what is done about it. */
export class ProcessWatch {
  readonly table = new ProcessTable();
  readonly #options: ProcessWatchOptions;
  readonly #guards: GuardProcesses;
  readonly #facts: ProcessFacts;
  readonly #marks: KernelMarks;
  readonly #shells = new ShellImages();
  readonly #containers: ContainerFollower;
  readonly #tracker: ProcessTracker;
  readonly #deeds: ProcessDeeds;
  readonly #actors: FileActors;
  readonly #denier: Denier;
  readonly #unmanaged: UnmanagedServers;
  readonly #claims: ServerClaims;
  #isEnforcing = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    const { userName } = options;
    const { table } = this;
    this.#guards = new GuardProcesses(options.guards);
    const product = process.platform === 'darwin' ? 'macos' : 'linux';
    this.#facts = new ProcessFacts({ table, userName, product });
    this.#marks = new KernelMarks(options.collector, options.marked);
    this.#containers = this.#makeFollower();
    this.#tracker = this.#makeTracker(this.#facts);
    this.#deeds = this.#makeDeeds(this.#facts);
    this.#actors = new FileActors((write) => this.#tracker.writer(write));
    this.#denier = this.#makeDenier();
    this.#unmanaged = this.#makeUnmanaged();
    this.#claims = this.#makeClaims();
  }

  #makeUnmanaged(): UnmanagedServers {
    const { stance, userName, isNew, homes, lookAgain, onFact } = this.#options;
    return new UnmanagedServers({
      table: this.table,
      tracker: this.#tracker,
      stance,
      userName,
      isNew,
      processes: procProcesses(),
      guards: this.#guards,
      isWatched: (uid, home) => homes.includes(uid, home),
      lookAgain,
      onFound: (known, facts) => {
        for (const fact of [...facts, ...this.#denier.reviewed([known])]) onFact(fact);
      },
      release: (pid) => this.#options.collector.release(pid),
      onLoss: (loss) => {
        const fact = factOfSelf(loss, userName(0));
        if (fact !== null) onFact(fact);
      },
    });
  }

  #makeClaims(): ServerClaims {
    const { table } = this;
    return new ServerClaims({
      table,
      startOf,
      holdsOpen,
      claim: (entry, claim) => this.#register(entry, claim),
      sweep: sweepProcesses,
      onFound: (event) => {
        for (const fact of this.receive(event)) this.#options.onFact(fact);
      },
      onGone: (pid, start) => {
        const seen = { time: Date.now(), source: 'sweep', exit_code: null, uid: null } as const;
        this.receive({ ...seen, kind: 'process_exit', pid, start });
      },
    });
  }

  /** A guard says which process it started for which server. */
  claimed(claim: ServerClaim): void {
    this.#claims.take(claim);
  }

  /** Whether the server is known, so that the process belongs to it now. */
  #register(entry: ProcessEntry, { serverId, names }: ServerClaim): boolean {
    const facts = this.#tracker.claim(entry, serverId, names);
    if (facts === null) return false;
    const known = this.#tracker.serverOf(entry);
    const denials = known === null ? [] : this.#denier.joined(entry, known);
    for (const fact of [...facts, ...denials]) this.#options.onFact(fact);
    return true;
  }

  /** Nothing is judged any more. */
  stop(): void {
    this.#unmanaged.stop();
    this.#claims.stop();
    this.#containers.stop();
  }

  #makeTracker(facts: ProcessFacts): ProcessTracker {
    const { policies, userName, isNew, onFact } = this.#options;
    return new ProcessTracker({
      table: this.table,
      facts,
      marks: this.#marks,
      containers: this.#containers,
      userName,
      clientProcesses,
      guards: this.#guards,
      policyOf: (serverId, image, shell) => policies.program(serverId, image, shell),
      isDisguisedShell: (pid, image) => this.#shells.isDisguised(pid, image),
      firstReport: (known) => isNew(startKey(known, known.verdict.state)),
      onMarkTaken: (entry) => onFact(factOfTakenMark(entry, Date.now(), userName)),
    });
  }

  #makeFollower(): ContainerFollower {
    const { collector, userName, onFact } = this.#options;
    return new ContainerFollower({
      table: this.table,
      startOf,
      contain: (containers) => collector.contain(containers),
      onFound: (found) => this.#contained(found),
      onUnfollowed: ({ entry, reason }) => {
        const known = this.#tracker.serverOf(entry);
        if (known !== null) onFact(factOfUnfollowed(entry, known, reason, userName));
      },
    });
  }

  #contained(found: FoundContainer): void {
    const facts = this.#tracker.joinContainer(found);
    const denials = found.pids.flatMap((pid) => {
      const entry = this.table.get(pid);
      const known = entry === null ? null : this.#tracker.serverOf(entry);
      return entry === null || known === null ? [] : this.#denier.joined(entry, known);
    });
    for (const fact of [...facts, ...denials]) this.#options.onFact(fact);
  }

  #makeDeeds(facts: ProcessFacts): ProcessDeeds {
    const { policies, isNew } = this.#options;
    const destinations = new Destinations(isNew);
    return new ProcessDeeds({
      table: this.table,
      facts,
      serverOf: (entry) => this.#tracker.serverOf(entry),
      connectionPolicy: (serverId, to) => policies.connection(serverId, to),
      firstDestination: ({ discovered }, to) => destinations.first(discovered.server.id, to),
      mounts: new MountTable(),
      firstAccess: ({ discovered }, path) => isNew(`access:${discovered.server.id}:${path}`),
    });
  }

  #makeDenier(): Denier {
    const { stance, userName, collector } = this.#options;
    const kill = (pid: number, start: number) => {
      // The sensor ends members, for an agent that has no right to: it must know of this one by then.
      this.#marks.send();
      if (!collector.end(pid, start)) process.kill(pid, 'SIGKILL');
    };
    return new Denier({ stance, table: this.table, startOf, kill, userName });
  }

  /** Remembers only so many ended processes and writers; undefined for as many as ever. */
  remember(most: number | undefined): void {
    this.table.keepEnded(most);
    this.#actors.keep(most);
  }

  /** Who touched a path last. */
  writerOf(path: string): Writer | null {
    return this.#actors.writerOf(path);
  }

  /** Takes in an event; gives the facts that it amounts to. */
  receive(event: WatchedEvent): readonly Fact[] {
    switch (event.kind) {
      case 'file_write':
        this.#actors.observe(event);
        return [];
      case 'inode_change':
        this.#actors.observe(event);
        return this.#deed(event);
      case 'file_open':
      case 'exec_refused':
      case 'process_socket':
      case 'process_trace':
      case 'process_credentials':
        return this.#deed(event);
      case 'unix_socket':
        this.#containers.connected(event);
        return this.#deed(event);
      case 'tamper':
        return [factOfTamper(event, this.#options.userName(0))];
      case 'process_exit':
        this.#containers.ended(event);
        return this.#tracker.observe(event);
      case 'process_member':
        return this.#tracker.observe(event);
      case 'process_fork':
      case 'process_exec':
        return this.#begin(event);
    }
  }

  #deed(event: Parameters<ProcessDeeds['of']>[0]): readonly Fact[] {
    const fact = this.#deeds.of(event);
    return fact === null ? [] : [fact];
  }

  #begin(event: Extract<WatchedEvent, { kind: 'process_fork' | 'process_exec' }>): readonly Fact[] {
    const facts = this.#tracker.observe(event);
    const entry = this.table.get(event.pid);
    const known = entry === null ? null : this.#tracker.serverOf(entry);
    this.#claims.heardOf(event.pid);
    if (entry !== null && event.kind === 'process_exec') this.#unmanaged.observe(event, entry);
    if (entry === null || known === null) return [...facts, ...this.#outside(event, entry)];
    // What the kernel ended by its list is told already, and needs no end.
    const killed = event.kind === 'process_exec' ? (event.image?.killed ?? null) : null;
    if (killed !== null && killed !== 'denied') return facts;
    return [...facts, ...this.#denier.joined(entry, known)];
  }

  /** A start outside of all subtrees. What a sweep finds has begun long ago. */
  #outside(event: WatchedEvent, entry: ProcessEntry | null): readonly Fact[] {
    if (!this.#options.wholeHost || event.kind !== 'process_exec' || event.source === 'sweep') return [];
    if (entry === null || entry.membership !== null || this.#options.takesOutside?.() === false) return [];
    return [this.#facts.outside(event, entry)];
  }

  /** A kernel sensor began to watch: it knows nothing of the members yet, unless marks outlived the one before. */
  armed(): void {
    this.#marks.retell(this.table.allMembers());
  }

  /** The servers as a look at the host found them. */
  seen(servers: readonly KnownServer[]): readonly Fact[] {
    const late = this.#tracker.setServers(servers);
    this.#claims.retry();
    this.#options.collector.watchLaunches(launchWords(servers));
    this.#enforce(servers);
    return [...late, ...this.#denier.reviewed(servers)];
  }

  /** In production the kernel ends what a server may not start; what it cannot judge, the denier does later. */
  #enforce(servers: readonly KnownServer[]): void {
    const { stance, policies, collector } = this.#options;
    const { profile, denial } = stance;
    if (denial === 'report') {
      // What was ordered under another stance ends with it.
      if (this.#isEnforcing) collector.enforce([], this.#shells.files());
      this.#isEnforcing = false;
      return;
    }
    this.#isEnforcing = true;
    const orders = servers.map(({ discovered: { server }, verdict, launch }) => {
      // The kernel takes no path in another mount namespace for the one that is listed.
      const inContainer = launch?.spec.launcher === 'docker';
      const lists = profile === 'production' && !inContainer ? policies.execLists(server.id) : null;
      const nothing = verdict.ruling === 'deny';
      return { tag: tagOf(server.id), shells: true, programs: null, ...lists, nothing };
    });
    const bound = orders.filter(({ shells, programs, nothing }) => !shells || programs !== null || nothing);
    collector.enforce(bound, this.#shells.files());
  }
}
