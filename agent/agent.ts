import { hostname, userInfo } from 'node:os';
import { type FleetPolicy, standaloneIssuer } from '../approval/index.ts';
import { AccountNames, listHostUsers } from '../inventory/index.ts';
import type { CollectorEvent, Server } from '../wire/index.ts';
import type { AgentOptions } from './agent-options.ts';
import { agentStatus } from './agent-status.ts';
import { RemoteSettings } from './bundles/remote-config.ts';
import { CentralLink } from './central-link.ts';
import { ClockWatch } from './clock-watch.ts';
import { ruleStatus } from './control/rule-status.ts';
import { type AgentStatus, ControlSocket } from './control/socket.ts';
import { factOfClockJump } from './enrich/agent-facts.ts';
import { fullServer, type KnownServer } from './enrich/known-server.ts';
import { PolicyChecks } from './enrich/policy-checks.ts';
import { WatchedHomes } from './enrich/watched-homes.ts';
import { type MachineTrait, machineDigest, machineTraits } from './enrolment/machine.ts';
import { GuardIntake } from './guards/guard-intake.ts';
import { journalPlaces } from './guards/journal-place.ts';
import { HostCollectors } from './host-collectors.ts';
import { HostView } from './host-view.ts';
import { HostWatch } from './host-watch.ts';
import { IdentityDesk } from './identity/identity-desk.ts';
import { OwnState } from './own-state.ts';
import { Pipeline } from './pipeline.ts';
import { ProcessWatch } from './process-watch.ts';
import { ownPlaces } from './protection/own-files.ts';
import { HOST_RELEASE_KEY } from './protection/release-key.ts';
import { SelfProtection } from './protection/self-protection.ts';
import { Admission } from './resources/admission.ts';
import { agentLoad } from './resources/agent-load.ts';
import type { LoadShedding } from './resources/load-shedding.ts';
import { LiveRules } from './rules/live-rules.ts';
import type { Stance } from './stance.ts';
import { AuthorityStore } from './state/authority.ts';
import { Meta, openDatabase } from './state/database.ts';
import { JournalMarks } from './state/journal-marks.ts';
import { type KeptWriter, KeptWriters, keptOf } from './state/kept-writers.ts';
import { PackageMemory } from './state/known-package.ts';
import { MarkedServers } from './state/marked-servers.ts';
import { rememberPlaces } from './state/places.ts';
import { publishHostFacts } from './state/published-facts.ts';
import { SealedCopies } from './state/sealed-copies.ts';
import { SnapshotStore } from './state/snapshot.ts';
import { Spool } from './state/spool.ts';

/** Milliseconds that a stopping agent waits for central to acknowledge what is spooled. */
const STOP_GRACE_MS = 5_000;
/**
 * A start of the same server in the same state is told again, and a destination is new again, after this many
 * milliseconds.
 */
const REPORT_AGAIN_MS = 7 * 24 * 3_600_000;

export interface Agent {
  /** The servers as of now, with state and findings. */
  readonly servers: readonly Server[];
  readonly problems: HostWatch['problems'];
  status(): AgentStatus;
  /** Reads rules, and what its config says of them, anew; they are watched anyway. */
  reloadRules(): void;
  /** Ends all collectors, commits what they gave, lets central acknowledge it, closes. */
  stop(): Promise<void>;
}

/** Composition root of the daemon: state → rules → inventory → collectors → uplink, in this order. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const daemon = new Daemon(options, await machineTraits());
  try {
    await daemon.start();
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return daemon;
}

class Daemon implements Agent {
  readonly #options: AgentOptions;
  readonly #stance: Stance;
  readonly #names = AccountNames.ofHost();
  readonly #own: OwnState;
  readonly #database;
  readonly #spool: Spool;
  readonly #pipeline: Pipeline;
  readonly #rules: LiveRules;
  readonly #remote: RemoteSettings;
  readonly #processWatch: ProcessWatch;
  readonly #policies: PolicyChecks;
  readonly #collectors: HostCollectors;
  readonly #writers: KeptWriters;
  readonly #central: CentralLink;
  readonly #watch: HostWatch;
  readonly #identities: IdentityDesk;
  readonly #guards: GuardIntake;
  readonly #clock: ClockWatch;
  readonly #admission = new Admission(
    (loss) => this.#own.receive(loss),
    (pid) => this.#processWatch.table.get(pid)?.membership != null,
  );
  readonly #load: LoadShedding;
  readonly #protection: SelfProtection;
  readonly #meta: Meta;
  #control: ControlSocket | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: AgentOptions, traits: readonly MachineTrait[]) {
    const { stateDir, log } = options;
    this.#database = openDatabase(stateDir, options.version);
    const meta = new Meta(this.#database);
    this.#remote = new RemoteSettings({ ...options, meta });
    this.#stance = this.#remote.over(options);
    this.#options = options;
    this.#rules = this.#liveRules(meta);
    this.#meta = meta;
    this.#rememberPlaces();
    this.#spool = new Spool(this.#database, meta);
    const snapshots = new SnapshotStore(this.#database);
    const host = hostname();
    this.#own = this.#ownState();
    this.#pipeline = new Pipeline({
      database: this.#database,
      spool: this.#spool,
      rules: this.#rules.edition.set,
      host,
      onDurable: () => this.#central.notify(),
      onLost: (stage, count) => this.#own.lose(stage, count),
      log,
    });
    this.#policies = this.#policyChecks();
    this.#collectors = new HostCollectors(options);
    this.#processWatch = new ProcessWatch({
      stance: this.#stance,
      guards: options.guards,
      wholeHost: options.rules.settings.rule_scope === 'host',
      takesOutside: () => this.#admission.takesOutside(),
      userName: (uid) => this.#names.user(uid),
      isNew: (key) => snapshots.firstTime(key, Date.now(), REPORT_AGAIN_MS),
      policies: this.#policies,
      marked: new MarkedServers(this.#database),
      collector: this.#collectors.processes,
      onFact: (fact) => this.#pipeline.submit({ facts: [fact] }),
      homes: new WatchedHomes(options.users, listHostUsers()),
      lookAgain: () => this.#watch.lookAgain(),
    });
    this.#writers = new KeptWriters(() => this.#database);
    this.#guards = this.#guardIntake();
    const view = this.#view(meta.salt());
    this.#watch = this.#hostWatch(view, snapshots);
    const load = { view, watch: this.#watch, processes: this.#processWatch };
    this.#load = agentLoad({ ...load, admission: this.#admission, own: this.#own });
    this.#identities = this.#identityDesk(host);
    this.#protection = this.#selfProtection();
    this.#central = this.#centralLink(host, machineDigest(traits, meta.salt()));
    this.#clock = new ClockWatch((jumpMs) => {
      this.#pipeline.submit({ facts: [factOfClockJump(jumpMs, Date.now(), userInfo().username)] });
      this.#watch.touched();
    });
  }

  #hostWatch(view: HostView, snapshots: SnapshotStore): HostWatch {
    return new HostWatch({
      view,
      writers: this.#writers,
      writerOf: (path) => this.#processWatch.writerOf(path),
      writersTold: () => this.#collectors.writersTold(),
      onWatch: () => this.#watchFiles(),
      snapshots,
      authority: new AuthorityStore(this.#meta),
      pipeline: this.#pipeline,
      watcher: {
        watch: ({ files, trees }) => {
          const own = this.#protection.watch;
          return this.#collectors.files.watch({
            files: [...files, ...own.files],
            trees: [...trees, ...this.#guards.trees, ...own.trees],
          });
        },
      },
      log: this.#options.log,
      onSight: (servers, fleet) => this.#seen(servers, fleet),
    });
  }

  #rememberPlaces(): void {
    const { users, roots, group } = this.#options;
    const homes = users.map((user) => user.home);
    const { profile } = this.#stance;
    rememberPlaces(this.#meta, { homes, roots: [...roots], path: process.env['PATH'] ?? '', profile, group });
  }

  #policyChecks(): PolicyChecks {
    const stance = this.#stance;
    return new PolicyChecks({
      group: this.#options.group,
      get profile() {
        return stance.profile;
      },
    });
  }

  /** Guards that start from now on, and commands of this host, judge by it. */
  #publishStance(): void {
    this.#rememberPlaces();
    const { stateDir, group: hostGroup, systemTrust: trustDirectory } = this.#options;
    publishHostFacts(stateDir, { v: 1, profile: this.#stance.profile, hostGroup, trustDirectory });
  }

  #ownState(): OwnState {
    return new OwnState({
      onHealth: (health) => {
        if (health.collector === 'process/ebpf' && health.state === 'ok') this.#processWatch.armed();
        this.#options.onHealth?.(health);
      },
      onLoss: () => this.#central.lossesChanged(),
      onFact: (fact) => this.#pipeline.submit({ facts: [fact] }),
    });
  }

  #centralLink(host: string, machine: string | null): CentralLink {
    return new CentralLink({
      ...{ options: this.#options, host, machine },
      ...{ meta: this.#meta, spool: this.#spool, own: this.#own, remote: this.#remote, rules: this.#rules },
      stance: this.#stance,
      publishStance: () => this.#publishStance(),
      lookAgain: () => this.#watch.lookAgain(),
      reloadRules: () => this.reloadRules(),
      onFacts: (facts) => this.#pipeline.submit({ facts }),
    });
  }

  #liveRules(meta: Meta): LiveRules {
    return new LiveRules({
      ...this.#options,
      stance: this.#stance,
      meta,
      user: userInfo().username,
      onRules: (set) => this.#pipeline.replaceRules(set),
      onFacts: (facts) => this.#pipeline.submit({ facts }),
      withRules: (own) => this.#remote.withRules(own),
    });
  }

  #identityDesk(host: string): IdentityDesk {
    const { stateDir, users, log } = this.#options;
    const servers = () => this.#watch.servers;
    const stance = this.#stance;
    return new IdentityDesk({ stateDir, users, stance, log, servers, issuer: standaloneIssuer(host) });
  }

  #guardIntake(): GuardIntake {
    const { stateDir, users, log } = this.#options;
    const { uid, username: name } = userInfo();
    return new GuardIntake({
      places: journalPlaces(stateDir, { uid, name }, users),
      marks: new JournalMarks(this.#database, REPORT_AGAIN_MS),
      pipeline: this.#pipeline,
      serverOf: (id) => this.#watch.servers.find(({ discovered }) => discovered.server.id === id) ?? null,
      onClaim: (claim) => this.#processWatch.claimed(claim),
      onLoss: (loss) => this.#own.count(loss),
      log,
    });
  }

  #selfProtection(): SelfProtection {
    const { protection, systemTrust, stateDir, log } = this.#options;
    const { root, config, unitDirectories, checkMs } = protection;
    return new SelfProtection({
      place: { root, hostKey: HOST_RELEASE_KEY },
      places: ownPlaces(config, systemTrust, stateDir, unitDirectories),
      checkMs,
      memory: new PackageMemory(this.#meta),
      writerOf: (path) => this.#processWatch.writerOf(path),
      writersTold: () => this.#collectors.writersTold(),
      onFacts: (facts, remember) => this.#pipeline.submit({ facts, remember }),
      onHealth: (health) => this.#own.note(health),
      log,
    });
  }

  #watchFiles(): void {
    // Who writes into a journal is its guard: to be told of each write would cost much and say nothing.
    this.#collectors.tellOfWriters(this.#guards.trees);
    // One that is there only now may hold something already.
    this.#guards.touched();
  }

  /** Who wrote what is new is known before it is kept. */
  #lastWriter(path: string): KeptWriter | null {
    const writer = this.#processWatch.writerOf(path);
    return writer === null ? this.#writers.of(path) : keptOf(writer);
  }

  #view(salt: string): HostView {
    const { users, roots, guards, stateDir, group, systemTrust } = this.#options;
    const stance = this.#stance;
    const copies = new SealedCopies(() => this.#database);
    const { platform, env } = process;
    const writers = { of: (path: string) => this.#lastWriter(path) };
    const place = { users, roots, guards, stateDir, platform, env, systemTrust };
    return new HostView({ ...place, salt, stance, group, copies, writers });
  }

  get servers(): readonly Server[] {
    return this.#watch.servers.map(fullServer);
  }

  get problems(): HostWatch['problems'] {
    return this.#watch.problems;
  }

  async start(): Promise<void> {
    this.#control = await ControlSocket.open(this.#options.stateDir, () => this.status());
    this.#central.start();
    this.#publishStance();
    await this.#rules.start();
    await this.#collectors.files.start((event) => this.#receive(event));
    await this.#watch.start();
    this.#clock.start();
    await this.#collectors.processes.start((event) => this.#receive(event));
    this.#identities.start();
    this.#guards.start();
    this.#load.start();
    this.#protection.start();
  }

  reloadRules(): void {
    this.#rules.reload();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#load.stop();
    this.#clock.stop();
    this.#identities.stop();
    this.#guards.stop();
    await this.#protection.stop();
    await this.#central.stopBundles();
    await this.#rules.stop();
    this.#policies.stop();
    await this.#collectors.processes.stop();
    this.#processWatch.stop();
    await this.#watch.stop();
    await this.#collectors.files.stop();
    this.#pipeline.close();
    await this.#central.stop(STOP_GRACE_MS);
    await this.#control?.close();
    this.#database.close();
  }

  #receive(event: CollectorEvent): void {
    if (event.kind === 'path_change') {
      if (this.#guards.concerns(event.path)) this.#guards.touched(event.path);
      else if (!this.#protection.touched(event.path)) this.#watch.touched();
      return;
    }
    if (event.kind === 'health' || event.kind === 'loss') {
      this.#own.receive(event);
      return;
    }
    if (event.kind === 'inode_change') this.#watch.changed(event);
    if (this.#admission.takes(event)) this.#pipeline.submit({ facts: this.#processWatch.receive(event) });
  }

  async #seen(servers: readonly KnownServer[], fleet: FleetPolicy): Promise<void> {
    await this.#policies.follow(servers, fleet);
    this.#pipeline.submit({ facts: this.#processWatch.seen(servers) });
    this.#central.announce(servers.map(fullServer));
  }

  status(): AgentStatus {
    return agentStatus({
      version: this.#options.version,
      agent: this.#meta.agentId(),
      profile: this.#stance.profile,
      started: this.#own.started,
      isConnected: this.#central.connected,
      enrolment: this.#central.enrolment,
      bundles_refused: this.#central.refusedBundles.map((bundle) => ({ ...bundle })),
      spool: this.#spool,
      servers: this.servers,
      problems: this.problems,
      rules: ruleStatus(this.#rules.edition, this.#pipeline),
      health: this.#own.health(),
      processes: this.#processWatch.table.size,
      watched_directories: this.#collectors.files.size,
      lost: this.#own.lost(),
    });
  }
}
