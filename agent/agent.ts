import { hostname, release, type, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FleetPolicy, standaloneIssuer } from '../approval/index.ts';
import { createProcessCollector, FileWatcher, type ProcessCollector } from '../collectors/index.ts';
import { AccountNames, listHostUsers } from '../inventory/index.ts';
import type { CollectorEvent, CommandName, Health, HelloFrame, Loss, Server } from '../wire/index.ts';
import type { AgentOptions } from './agent-options.ts';
import { agentStatus } from './agent-status.ts';
import { AgentBundles } from './bundles/agent-bundles.ts';
import { bundleDownload } from './bundles/bundle-download.ts';
import { RemoteSettings } from './bundles/remote-config.ts';
import { ClockWatch } from './clock-watch.ts';
import { ruleStatus } from './control/rule-status.ts';
import { type AgentStatus, ControlSocket } from './control/socket.ts';
import { credentialPlaces } from './credential-places.ts';
import { factOfClockJump, factOfSelf } from './enrich/agent-facts.ts';
import { fullServer, type KnownServer } from './enrich/known-server.ts';
import { PolicyChecks } from './enrich/policy-checks.ts';
import { WatchedHomes } from './enrich/watched-homes.ts';
import { Enrolment } from './enrolment/enrolment.ts';
import { type MachineTrait, machineDigest, machineTraits } from './enrolment/machine.ts';
import { GuardIntake } from './guards/guard-intake.ts';
import { journalPlaces } from './guards/journal-place.ts';
import { HostView } from './host-view.ts';
import { HostWatch } from './host-watch.ts';
import { IdentityDesk } from './identity/identity-desk.ts';
import { Pipeline } from './pipeline.ts';
import { ProcessWatch } from './process-watch.ts';
import { LiveRules } from './rules/live-rules.ts';
import type { Stance } from './stance.ts';
import { AuthorityStore } from './state/authority.ts';
import { Meta, openDatabase } from './state/database.ts';
import { JournalMarks } from './state/journal-marks.ts';
import { type KeptWriter, KeptWriters, keptOf } from './state/kept-writers.ts';
import { MarkedServers } from './state/marked-servers.ts';
import { rememberPlaces } from './state/places.ts';
import { publishHostFacts } from './state/published-facts.ts';
import { SealedCopies } from './state/sealed-copies.ts';
import { SnapshotStore } from './state/snapshot.ts';
import { Spool } from './state/spool.ts';
import { Uplink } from './uplink/uplink.ts';

/** Milliseconds that a look at the host waits to be told who wrote what it found. */
const WRITERS_TOLD_MS = 2_000;
/** Milliseconds that a stopping agent waits for central to acknowledge what is spooled. */
const STOP_GRACE_MS = 5_000;
/**
 * A start of the same server in the same state is told again, and a destination is new again, after this many
 * milliseconds.
 */
const REPORT_AGAIN_MS = 7 * 24 * 3_600_000;

/** What it means that the pipeline lost something. */
const LOST = {
  spool: 'the spool is full: central has not acknowledged for long',
  queue: 'the state directory could not be written for long',
  correlation: 'more happened at once than correlations of rules remember',
} as const;

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
  readonly #started = new Date();
  readonly #names = AccountNames.ofHost();
  readonly #health = new Map<string, Health>();
  readonly #lost: Record<string, number> = {};
  readonly #database;
  readonly #spool: Spool;
  readonly #pipeline: Pipeline;
  readonly #rules: LiveRules;
  readonly #remote: RemoteSettings;
  readonly #bundles: AgentBundles;
  readonly #processWatch: ProcessWatch;
  readonly #policies: PolicyChecks;
  readonly #watcher = new FileWatcher();
  readonly #processes: ProcessCollector;
  readonly #writers: KeptWriters;
  readonly #enrolment: Enrolment;
  readonly #uplink: Uplink;
  readonly #watch: HostWatch;
  readonly #identities: IdentityDesk;
  readonly #guards: GuardIntake;
  readonly #clock: ClockWatch;
  readonly #meta: Meta;
  #control: ControlSocket | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: AgentOptions, traits: readonly MachineTrait[]) {
    const { stateDir, log } = options;
    this.#database = openDatabase(stateDir);
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
    this.#enrolment = this.#makeEnrolment(host);
    this.#uplink = this.#makeUplink(host, machineDigest(traits, meta.salt()));
    this.#pipeline = new Pipeline({
      database: this.#database,
      spool: this.#spool,
      rules: this.#rules.edition.set,
      host,
      onDurable: () => this.#uplink.notify(),
      onLost: (stage, count) => this.#lose(stage, count),
      log,
    });
    this.#policies = this.#policyChecks();
    this.#processes = this.#processCollector();
    this.#processWatch = new ProcessWatch({
      stance: this.#stance,
      guards: options.guards,
      wholeHost: options.rules.settings.rule_scope === 'host',
      userName: (uid) => this.#names.user(uid),
      isNew: (key) => snapshots.firstTime(key, Date.now(), REPORT_AGAIN_MS),
      policies: this.#policies,
      marked: new MarkedServers(this.#database),
      collector: this.#processes,
      onFact: (fact) => this.#pipeline.submit({ facts: [fact] }),
      homes: new WatchedHomes(options.users, listHostUsers()),
      lookAgain: () => this.#watch.lookAgain(),
    });
    this.#writers = new KeptWriters(() => this.#database);
    this.#guards = this.#guardIntake();
    this.#watch = new HostWatch({
      view: this.#view(meta.salt()),
      writers: this.#writers,
      writerOf: (path) => this.#processWatch.writerOf(path),
      writersTold: () => this.#writersTold(),
      onWatch: () => this.#watchFiles(),
      snapshots,
      authority: new AuthorityStore(meta),
      pipeline: this.#pipeline,
      watcher: {
        watch: ({ files, trees }) => this.#watcher.watch({ files, trees: [...trees, ...this.#guards.trees] }),
      },
      log,
      onSight: (servers, fleet) => this.#seen(servers, fleet),
    });
    this.#identities = this.#identityDesk(host);
    this.#bundles = this.#agentBundles(meta);
    this.#clock = new ClockWatch((jumpMs) => {
      this.#pipeline.submit({ facts: [factOfClockJump(jumpMs, Date.now(), userInfo().username)] });
      this.#watch.touched();
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

  #self(host: string): HelloFrame['agent'] {
    const { version } = this.#options;
    return { id: this.#meta.agentId(), version, host, os: `${type()} ${release()}` };
  }

  #makeEnrolment(host: string): Enrolment {
    const { central, stateDir, log } = this.#options;
    return new Enrolment({
      ...central,
      stateDir,
      agent: () => this.#self(host),
      generation: () => this.#meta.generation(),
      takeNewId: () => this.#spool.takeNewId(),
      onReady: () => this.#uplink.wake(),
      log,
    });
  }

  #makeUplink(host: string, machine: string | null): Uplink {
    const { central, log } = this.#options;
    return new Uplink({
      url: `${central.url}/v1/agent`,
      credentials: () => this.#enrolment.credentials,
      machine,
      agent: () => this.#self(host),
      generations: this.#meta,
      onRefused: (code) => this.#enrolment.refused(code),
      spool: this.#spool,
      log,
      self: {
        started: this.#started,
        lost: () => this.#lost,
        health: () => this.#health.values(),
      },
      obey: (command) => this.#obey(command),
      bundles: () => this.#bundles.inForce,
      onBundle: (offer) => this.#bundles.offer(offer),
    });
  }

  /** Nothing that central may ask for lowers what is enforced here. */
  async #obey(command: CommandName): Promise<string> {
    switch (command) {
      case 'look_again':
        await this.#watch.lookAgain();
        return 'the host was looked at';
      case 'reload_rules':
        this.reloadRules();
        return 'rules are being read';
      case 'renew_certificate':
        this.#enrolment.renewNow();
        return 'the certificate is being renewed';
    }
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

  #agentBundles(meta: Meta): AgentBundles {
    return new AgentBundles({
      ...this.#options,
      stance: this.#stance,
      meta,
      remote: this.#remote,
      rules: this.#rules,
      fetch: bundleDownload(this.#options.central.url, () => this.#enrolment.credentials),
      lookAgain: () => this.#watch.lookAgain(),
      publishStance: () => this.#publishStance(),
      tell: (frame) => this.#uplink.tellBundle(frame),
      onFacts: (facts) => this.#pipeline.submit({ facts }),
      user: userInfo().username,
    });
  }

  async #writersTold(): Promise<void> {
    const told = this.#processes.sync().catch(() => {});
    await Promise.race([told, sleep(WRITERS_TOLD_MS, undefined, { ref: false })]);
  }

  #processCollector(): ProcessCollector {
    const { sensorPath, sensorReason, fileActor, pin, execPermission, rules } = this.#options;
    const why = sensorReason === undefined ? {} : { sensorReason };
    return createProcessCollector({
      sensorPath,
      fileActor,
      execPermission,
      scope: rules.settings.rule_scope,
      ...why,
      ...(pin === null ? {} : { pin }),
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
      onLoss: (loss) => this.#count(loss),
      log,
    });
  }

  #watchFiles(): void {
    // Who writes into a journal is its guard: to be told of each write would cost much and say nothing.
    const { trees } = this.#guards;
    this.#processes.watchDirectories(this.#watcher.directories.filter(({ path }) => !trees.includes(path)));
    // One that is there only now may hold something already.
    this.#guards.touched();
    this.#processes.guardPaths(credentialPlaces(this.#options.users.map(({ home }) => home)));
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
    this.#uplink.start();
    this.#enrolment.start();
    this.#publishStance();
    await this.#rules.start();
    await this.#watcher.start((event) => this.#receive(event));
    await this.#watch.start();
    this.#clock.start();
    await this.#processes.start((event) => this.#receive(event));
    this.#identities.start();
    this.#guards.start();
  }

  reloadRules(): void {
    this.#rules.reload();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#clock.stop();
    this.#identities.stop();
    this.#guards.stop();
    await this.#bundles.stop();
    await this.#rules.stop();
    this.#policies.stop();
    await this.#processes.stop();
    this.#processWatch.stop();
    await this.#watch.stop();
    await this.#watcher.stop();
    this.#pipeline.close();
    await this.#uplink.stop(STOP_GRACE_MS);
    await this.#enrolment.stop();
    await this.#control?.close();
    this.#database.close();
  }

  #receive(event: CollectorEvent): void {
    if (event.kind === 'path_change') {
      if (this.#guards.concerns(event.path)) this.#guards.touched(event.path);
      else this.#watch.touched();
      return;
    }
    if (event.kind === 'health' || event.kind === 'loss') {
      this.#receiveSelf(event);
      return;
    }
    this.#pipeline.submit({ facts: this.#processWatch.receive(event) });
    if (event.kind === 'inode_change') this.#watch.changed(event);
  }

  #receiveSelf(event: Extract<CollectorEvent, { kind: 'health' | 'loss' }>): void {
    if (event.kind === 'health') {
      this.#health.set(event.collector, event);
      if (event.collector === 'process/ebpf' && event.state === 'ok') this.#processWatch.armed();
      this.#options.onHealth?.(event);
    } else this.#count(event);
    const fact = factOfSelf(event, userInfo().username);
    if (fact !== null) this.#pipeline.submit({ facts: [fact] });
  }

  #count({ stage, count }: Loss): void {
    this.#lost[stage] = (this.#lost[stage] ?? 0) + count;
    this.#uplink.lossesChanged();
  }

  #lose(stage: keyof typeof LOST, count: number): void {
    this.#receive({ kind: 'loss', time: Date.now(), stage, count, detail: LOST[stage] });
  }

  async #seen(servers: readonly KnownServer[], fleet: FleetPolicy): Promise<void> {
    await this.#policies.follow(servers, fleet);
    this.#pipeline.submit({ facts: this.#processWatch.seen(servers) });
    this.#uplink.announce(servers.map(fullServer));
  }

  status(): AgentStatus {
    return agentStatus({
      version: this.#options.version,
      agent: this.#meta.agentId(),
      profile: this.#stance.profile,
      started: this.#started,
      isConnected: this.#uplink.connected,
      enrolment: this.#enrolment.status,
      spool: this.#spool,
      servers: this.servers,
      problems: this.problems,
      rules: ruleStatus(this.#rules.edition, this.#pipeline),
      health: this.#health.values(),
      processes: this.#processWatch.table.size,
      watched_directories: this.#watcher.size,
      lost: this.#lost,
    });
  }
}
