import { type FleetPolicy, NO_FLEET_POLICY } from '../approval/index.ts';
import type { FileWatcher } from '../collectors/index.ts';
import { INFORMATIONAL_PROBLEMS } from '../inventory/index.ts';
import type { Control, InodeChange, Problem } from '../wire/index.ts';
import { attributed, type WriterOf } from './enrich/attribution.ts';
import { authorityOf, factsOfAuthority } from './enrich/authority-facts.ts';
import { type ConfigReader, withConfigClient } from './enrich/config-clients.ts';
import { controlKey, factsOfControls } from './enrich/control-facts.ts';
import { factsOfFindings, findingKinds } from './enrich/finding-facts.ts';
import { type KnownServer, pastServer } from './enrich/known-server.ts';
import { factOfProblem, factsOfChange, factsOfGone, factsOfNew } from './enrich/server-facts.ts';
import type { Fact } from './fact.ts';
import type { HostSight, HostView } from './host-view.ts';
import type { AgentLog } from './log.ts';
import type { Pipeline } from './pipeline.ts';
import type { AuthorityStore } from './state/authority.ts';
import type { KeptWriters } from './state/kept-writers.ts';
import { type Snapshot, type SnapshotStore, snapshotOf } from './state/snapshot.ts';
import { WatchedInodes } from './watched-inodes.ts';

/** Milliseconds that a look waits for a burst of writes to end. */
const SETTLE_MS = 100;
/** Milliseconds after which the host is looked at although nothing was noticed. */
const LOOK_AGAIN_MS = 60_000;
/** The same while looks are to be fewer. */
const SLOW = { settleMs: 2_000, lookAgainMs: 300_000 } as const;
/** Milliseconds within which the kernel sensor tells of one file and process once. */
const TOLD_ONCE_MS = 1_000;

/** Faults beside which a file is read all the same: a server missing from it is gone. */
const ENTRY_PROBLEMS: ReadonlySet<string> = new Set([
  'CONFIG_ENTRY_INVALID',
  'CONFIG_FORBIDDEN_KEY',
  'CONFIG_DUPLICATE_KEY',
  'CONFIG_NOT_UTF8',
]);

export interface HostWatchOptions {
  readonly view: HostView;
  readonly snapshots: SnapshotStore;
  readonly authority: AuthorityStore;
  readonly pipeline: Pipeline;
  readonly watcher: Pick<FileWatcher, 'watch'>;
  /** Who wrote a path last. */
  readonly writerOf: WriterOf;
  readonly writers: KeptWriters;
  /** Resolves once it was told who did what until now, or that takes too long; nobody is waited for where absent. */
  readonly writersTold?: () => Promise<unknown>;
  readonly log: AgentLog;
  /** After each look. */
  readonly onSight: (servers: readonly KnownServer[], fleet: FleetPolicy) => Promise<void>;
  /** After each change of what is watched. */
  readonly onWatch: () => void;
}

/**
 * Looks again whenever something was touched, and turns what differs into facts. The watcher is only the
 * hint when to look: content decides, and a look that comes late finds the same.
 */
export class HostWatch {
  readonly #options: HostWatchOptions;
  #snapshots: Map<string, Snapshot>;
  /** Null before the first look ever. */
  #controls: ReadonlyMap<string, Control> | null;
  #sight: HostSight = {
    servers: [],
    problems: [],
    controls: [],
    watch: { files: [], trees: [] },
    stored: [],
    trust: null,
    fleet: NO_FLEET_POLICY,
  };
  #expiry: NodeJS.Timeout | null = null;
  #settle: NodeJS.Timeout | null = null;
  #again: NodeJS.Timeout | null = null;
  #later: NodeJS.Timeout | null = null;
  readonly #inodes = new WatchedInodes();
  #look: Promise<void> | null = null;
  #stale = false;
  #settleMs = SETTLE_MS;
  /** Who waits for a look that is still to begin. */
  #waiting: (() => void)[] = [];
  /** When the look before began, in milliseconds since the epoch. */
  #lastLook = 0;
  #stopped = false;

  constructor(options: HostWatchOptions) {
    this.#options = options;
    this.#snapshots = new Map(options.snapshots.load());
    this.#controls = options.snapshots.controls();
  }

  get servers(): readonly KnownServer[] {
    return this.#sight.servers;
  }

  get problems(): readonly Problem[] {
    return this.#sight.problems;
  }

  /** Takes the first look and arms the watch; what changed since the agent last ran is told. */
  async start(): Promise<void> {
    await this.#takeLook();
    // What was touched between the look and the arming of the watch is found by a second look.
    await this.#lookNow();
    this.#again = setInterval(() => this.touched(), LOOK_AGAIN_MS);
  }

  /** Whether bursts of changes share a look for longer, and unasked looks are rarer. */
  slowDown(isSlow: boolean): void {
    this.#settleMs = isSlow ? SLOW.settleMs : SETTLE_MS;
    if (this.#again === null || this.#stopped) return;
    clearInterval(this.#again);
    this.#again = setInterval(() => this.touched(), isSlow ? SLOW.lookAgainMs : LOOK_AGAIN_MS);
  }

  /** Something that matters may have changed. */
  touched(): void {
    if (this.#stopped) return;
    this.#stale = true;
    if (this.#look !== null) return;
    this.#settle ??= setTimeout(() => {
      this.#settle = null;
      this.#look = this.#lookNow().finally(() => {
        this.#look = null;
        if (this.#stale) this.touched();
      });
    }, this.#settleMs);
  }

  /** A server changed a file. What it did to the same file right behind that is found by a second look. */
  changed({ device, inode }: InodeChange): void {
    if (!this.#inodes.has(device, inode)) return;
    this.touched();
    this.#later ??= setTimeout(() => {
      this.#later = null;
      this.touched();
    }, TOLD_ONCE_MS);
  }

  /** Resolves after a look that began after the call, and is good; never once the watch has ended. */
  lookAgain(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.touched();
    });
  }

  /** Ends the watch; what was noticed before is looked at first. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#settle !== null) clearTimeout(this.#settle);
    if (this.#again !== null) clearInterval(this.#again);
    if (this.#later !== null) clearTimeout(this.#later);
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    await this.#look;
    if (this.#stale) await this.#lookNow();
  }

  async #takeLook(): Promise<void> {
    this.#stale = false;
    const waiting = this.#waiting.length;
    const now = new Date();
    const sight = await this.#options.view.look(now);
    // A change may be seen before the one who made it is told.
    await this.#options.writersTold?.();
    this.#sight = sight;
    for (const { discovered } of sight.servers) this.#options.view.keepCopies(discovered);
    this.#compare(sight, now.getTime());
    await this.#options.onSight(sight.servers, sight.fleet);
    for (const resolve of this.#waiting.splice(0, waiting)) resolve();
    this.#lookAtExpiry(sight.servers, now.getTime());
    if (this.#stopped) return;
    this.#inodes.follow(sight.watch.files);
    await this.#options.watcher.watch(sight.watch);
    this.#options.onWatch();
  }

  /** An approval ends without anything being touched: the host is looked at again just then. */
  #lookAtExpiry(servers: readonly KnownServer[], now: number): void {
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = null;
    const ends = servers.flatMap(({ verdict: { state, statement } }) =>
      state === 'approved' && statement?.predicate.expires != null
        ? [Date.parse(statement.predicate.expires)]
        : [],
    );
    const wait = Math.max(0, Math.min(...ends) - now) + 1;
    if (!this.#stopped && wait < LOOK_AGAIN_MS) this.#expiry = setTimeout(() => this.touched(), wait);
  }

  async #lookNow(): Promise<void> {
    try {
      await this.#takeLook();
    } catch (error) {
      this.#options.log.error('the host could not be looked at', { error: String(error) });
    }
  }

  /** Compares with the last look and submits what differs together with the new picture. */
  #compare(sight: HostSight, time: number): void {
    const { snapshots, authority, pipeline, view } = this.#options;
    const first = !snapshots.baselined();
    const since = this.#lastLook;
    this.#lastLook = time;
    const facts: Fact[] = [];
    const fresh = new Map<string, Snapshot>();
    for (const known of sight.servers) {
      const { id } = known.discovered.server;
      const before = this.#snapshots.get(id) ?? null;
      fresh.set(id, snapshotOf(known, before));
      if (before === null) facts.push(...(first ? [] : factsOfNew(known, time)));
      else facts.push(...factsOfChange(before, known, time, (...change) => view.copies.diff(...change)));
    }
    const kinds = findingKinds(view.profile);
    const kindsBefore = snapshots.findingKinds();
    facts.push(...factsOfFindings(sight.servers, this.#snapshots, { time, first, kinds, kindsBefore }));
    const gone = this.#gone(sight, fresh, facts, time);
    const problems = new Set(sight.problems.map(problemKey));
    const known = snapshots.problems();
    for (const problem of sight.problems) {
      if (INFORMATIONAL_PROBLEMS.has(problem.code)) continue;
      if (!first && !known.has(problemKey(problem))) facts.push(factOfProblem(problem, '', time));
    }
    const controls = this.#controlsOf(sight);
    facts.push(...factsOfControls(controls.before ?? controls.after, controls.after, time));
    const authorityBefore = authority.load();
    const authorityNow = authorityOf(sight);
    facts.push(...factsOfAuthority(authorityBefore ?? authorityNow, authorityNow, time));
    const changed = [...fresh.values()].filter(
      (snapshot) => !same(snapshot, this.#snapshots.get(snapshot.server.id)),
    );
    this.#snapshots = fresh;
    this.#controls = controls.after;
    const settled = !first && controls.before !== null && authority.isKept(authorityNow);
    const isKept = settled && sameSet(kinds, kindsBefore);
    if (isKept && facts.length + changed.length + gone.length === 0 && sameSet(problems, known)) return;
    const { writerOf, writers } = this.#options;
    const told = withConfigClient(facts, readersOf(sight)).map((fact) => attributed(fact, writerOf, since));
    pipeline.submit({
      facts: told,
      remember: () => {
        for (const { fields } of told) keepWriter(fields['TargetFilename'], writerOf, writers);
        for (const snapshot of changed) snapshots.put(snapshot);
        for (const id of gone) snapshots.remove(id);
        snapshots.replaceProblems(problems);
        snapshots.replaceControls(controls.after);
        snapshots.setFindingKinds(kinds);
        authority.put(authorityNow);
        snapshots.setBaselined();
      },
    });
  }

  /** The controls of the last look (null before the first) and of this one; what cannot be read just now stays. */
  #controlsOf(sight: HostSight): {
    readonly before: ReadonlyMap<string, Control> | null;
    readonly after: ReadonlyMap<string, Control>;
  } {
    const before = this.#controls;
    const unreadable = unreadablePaths(sight);
    const held = [...(before ?? [])].filter(([, control]) => unreadable.has(control.path));
    const found = sight.controls.map((control) => [controlKey(control), control] as const);
    return { before, after: new Map([...held, ...found]) };
  }

  /** Servers that are no longer there; one whose config cannot be read just now is kept as it was. */
  #gone(sight: HostSight, fresh: Map<string, Snapshot>, facts: Fact[], time: number): readonly string[] {
    const unreadable = unreadablePaths(sight);
    const gone: string[] = [];
    for (const [id, snapshot] of this.#snapshots) {
      if (fresh.has(id)) continue;
      if (unreadable.has(snapshot.server.config_path)) {
        fresh.set(id, snapshot);
        continue;
      }
      gone.push(id);
      facts.push(...factsOfGone(pastServer(snapshot.server, snapshot.state), time));
    }
    return gone;
  }
}

/** Keeps who wrote a path that was told of, so that `show` can say it later. */
function keepWriter(path: unknown, writerOf: WriterOf, writers: KeptWriters): void {
  const writer = typeof path === 'string' ? writerOf(path) : null;
  if (typeof path === 'string' && writer !== null) writers.put(path, writer);
}

function readersOf({ servers, controls }: HostSight): readonly ConfigReader[] {
  const entries = servers.map(({ discovered: { server } }) => server);
  return [...entries.map(({ client, config_path: path }) => ({ client, path })), ...controls];
}

function unreadablePaths({ problems }: HostSight): ReadonlySet<string> {
  return new Set(problems.filter(({ code }) => !ENTRY_PROBLEMS.has(code)).map(({ path }) => path));
}

function problemKey(problem: Problem): string {
  return `${problem.path}\0${problem.code}\0${problem.message}`;
}

function same(a: Snapshot, b: Snapshot | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
