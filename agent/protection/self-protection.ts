import { userInfo } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_MANIFEST } from '../../approval/index.ts';
import { sha256Hex } from '../../inventory/index.ts';
import type { Health, Standing } from '../../wire/index.ts';
import { attributed, type WriterOf } from '../enrich/attribution.ts';
import { factOfOlderRelease, factOfTamperedFiles, factOfUpgrade } from '../enrich/protection-facts.ts';
import type { Fact } from '../fact.ts';
import type { AgentLog } from '../log.ts';
import type { PackageMemory } from '../state/known-package.ts';
import { type Faults, PACKAGE_DIRECTORIES } from './installed-files.ts';
import { hasManifest, type Integrity, type IntegrityPlace, PackageIntegrity } from './integrity.ts';
import { type OwnChange, OwnFiles, type OwnPart, type OwnPlace } from './own-files.ts';
import { Pace } from './pace.ts';
import { PACKAGE_RELEASE_KEY } from './release-key.ts';

/** Milliseconds without a change after which a change is looked at: a package manager is to be done by then. */
const SETTLE_MS = 5_000;
/** Milliseconds after the first change when it is looked at although changes go on. */
const MAX_UNSETTLED_MS = 60_000;
/** Bytes a second that a check reads: 140 MB take 17 s, of each of which some 2 % are spent on hashing. */
const PACE_BYTES = 8 * 1024 * 1024;
/** In the root of an installation, beside its directories. */
const ROOT_FILES = [PACKAGE_MANIFEST, PACKAGE_RELEASE_KEY, 'package.json'] as const;
const PARTS: readonly OwnPart[] = ['config', 'unit', 'trust', 'state'];

export interface SelfProtectionOptions {
  readonly place: IntegrityPlace;
  /** Files beside the installation that are watched. */
  readonly places: readonly OwnPlace[];
  /** Milliseconds between two checks of every file. */
  readonly checkMs: number;
  readonly memory: PackageMemory;
  readonly writerOf: WriterOf;
  /** Resolves once it was told who did what until now. */
  readonly writersTold: () => Promise<unknown>;
  /** `remember` is to be kept together with the alerts. */
  readonly onFacts: (facts: readonly Fact[], remember: () => void) => void;
  readonly onHealth: (health: Health) => void;
  readonly log: AgentLog;
  readonly settleMs?: number;
  /** Bytes a second. */
  readonly pace?: number;
}

const STANDINGS: Readonly<Record<Health['state'], Standing>> = {
  ok: { state: 'ok', code: null },
  degraded: { state: 'degraded', code: 'package-unsigned' },
  failed: { state: 'failed', code: 'package-changed' },
};

/** Watches the files that the agent consists of, and those that decide how it works. */
export class SelfProtection {
  readonly #options: SelfProtectionOptions;
  readonly #integrity: PackageIntegrity;
  readonly #own: OwnFiles;
  readonly #isPackage: boolean;
  readonly #ended = new AbortController();
  readonly #user = userInfo().username;
  #settling: NodeJS.Timeout | null = null;
  #hourly: NodeJS.Timeout | null = null;
  /** When the first change came that was not looked at yet, in milliseconds since the epoch; null for none. */
  #touchedAt: number | null = null;
  #isTreeTouched = false;
  /** Changes that were noticed so far. */
  #touches = 0;
  #lastLook = Date.now();
  #work: Promise<void> = Promise.resolve();

  constructor(options: SelfProtectionOptions) {
    this.#options = options;
    const { place, places, memory } = options;
    this.#integrity = new PackageIntegrity(place);
    this.#isPackage = hasManifest(place.root) || memory.at(place.root) !== null;
    this.#own = new OwnFiles(this.#isPackage ? places : places.filter(({ part }) => part !== 'unit'));
  }

  /** Files and directories to watch. Those of a checkout change all the time and are none. */
  get watch(): { readonly files: readonly string[]; readonly trees: readonly string[] } {
    const { files, trees } = this.#own.watch;
    if (!this.#isPackage) return { files, trees };
    const { root } = this.#options.place;
    const of = (names: readonly string[]) => names.map((name) => join(root, name));
    return { files: [...files, ...of(ROOT_FILES)], trees: [...trees, ...of(PACKAGE_DIRECTORIES)] };
  }

  /** Begins to check, now and each hour; nothing waits for it. */
  start(): void {
    // What the agent itself did since is no change.
    this.#own.changes();
    this.#begin('all');
    this.#hourly = setInterval(() => this.#begin('all'), this.#options.checkMs).unref();
  }

  /** Tells what was changed up to now, except in the installation, which the next start checks. */
  async stop(): Promise<void> {
    if (this.#settling !== null) clearTimeout(this.#settling);
    if (this.#hourly !== null) clearInterval(this.#hourly);
    this.#ended.abort();
    await this.#work;
    if (this.#touchedAt !== null) this.#tell(null);
  }

  /** A path was changed. Answers whether it is one of the installation's, which is nothing to anybody else. */
  touched(path: string): boolean {
    const isTree = this.#isPackage && path.startsWith(`${this.#options.place.root}/`);
    if (!isTree && !this.#own.concerns(path)) return false;
    this.#isTreeTouched ||= isTree;
    this.#touches += 1;
    this.#touchedAt ??= Date.now();
    if (this.#settling !== null) clearTimeout(this.#settling);
    const { settleMs = SETTLE_MS } = this.#options;
    const leftMs = Math.max(0, this.#touchedAt + MAX_UNSETTLED_MS - Date.now());
    this.#settling = setTimeout(
      () => {
        this.#settling = null;
        this.#begin('touched');
      },
      Math.min(settleMs, leftMs),
    );
    return isTree;
  }

  #begin(scope: 'all' | 'touched'): void {
    this.#work = this.#work.then(() => this.#look(scope));
  }

  async #look(scope: 'all' | 'touched'): Promise<void> {
    const { memory, place, writersTold, log, pace = PACE_BYTES } = this.#options;
    const { signal } = this.#ended;
    if (signal.aborted) return;
    const touches = this.#touches;
    try {
      const isDue = scope === 'all' || this.#isPackage;
      const known = memory.at(place.root);
      const integrity = isDue ? await this.#integrity.check(known, scope, new Pace(pace, signal)) : null;
      await writersTold();
      // What changes while it is looked at is looked at again, once it has settled.
      if (!signal.aborted && !this.#isUnsettled(touches)) this.#tell(integrity);
    } catch (error) {
      if (signal.aborted) return;
      log.error('the installation cannot be checked', { error: String(error) });
      this.#say('failed', `it cannot be checked: ${String(error)}`);
    }
  }

  /** Whether files changed while they were looked at, so that what was seen may be half of an upgrade. */
  #isUnsettled(touches: number): boolean {
    return (
      (this.#settling !== null || this.#touches !== touches) &&
      this.#touchedAt !== null &&
      Date.now() < this.#touchedAt + MAX_UNSETTLED_MS
    );
  }

  /** Without a look at the installation, which the next start takes, what may have come with a package is left to it. */
  #tell(integrity: Integrity | null): void {
    const since = this.#lastLook;
    this.#lastLook = Date.now();
    const isHalfSeen = integrity === null && this.#isTreeTouched;
    this.#touchedAt = null;
    this.#isTreeTouched = false;
    const isReplaced = integrity?.kind === 'whole' && typeof integrity.since === 'object';
    const changes = this.#own.changes();
    // What a package brings changes with it.
    const told = changes.filter(({ isPackaged }) => !isPackaged || !(isReplaced || isHalfSeen));
    const judged = this.#judge(
      integrity,
      changes.filter((change) => !told.includes(change)),
    );
    const facts = [...judged.facts, ...this.#factsOfChanges(told)];
    if (facts.length === 0 && judged.remember === null) return;
    const { writerOf, onFacts } = this.#options;
    onFacts(
      facts.map((fact) => attributed(fact, writerOf, since)),
      judged.remember ?? (() => {}),
    );
  }

  /** What is to be told of the installation, and remembered with it; its health is told at once. */
  #judge(
    integrity: Integrity | null,
    folded: readonly OwnChange[],
  ): { readonly facts: readonly Fact[]; readonly remember: (() => void) | null } {
    const { memory, place } = this.#options;
    switch (integrity?.kind) {
      case undefined:
        return { facts: [], remember: null };
      case 'none':
        this.#say('degraded', 'no manifest: a checkout');
        return { facts: [], remember: null };
      case 'broken':
        return this.#broken(integrity);
      case 'whole': {
        const { release, since, files } = integrity;
        this.#say('ok', `${release.package} ${release.version}: ${files} files are as they were released`);
        if (since === 'same' && memory.told === '') return { facts: [], remember: null };
        const remember = () => {
          memory.keep(release);
          memory.setTold('');
        };
        if (typeof since === 'string') return { facts: [], remember };
        const [time, paths] = [Date.now(), folded.map(({ path }) => path)];
        const manifest = join(place.root, PACKAGE_MANIFEST);
        const fact =
          since.kind === 'newer'
            ? factOfUpgrade(since.before, release, paths, time, this.#user)
            : factOfOlderRelease(since.before, release, manifest, time, this.#user);
        return { facts: [fact], remember };
      }
    }
  }

  #broken({ listed, more }: Faults): {
    readonly facts: readonly Fact[];
    readonly remember: (() => void) | null;
  } {
    const { memory, place, writerOf } = this.#options;
    const lines = listed.map(({ path, reason }) => `${path} ${reason}`);
    this.#say(
      'failed',
      `${lines[0]}${lines.length + more > 1 ? ` and ${lines.length + more - 1} more` : ''}`,
    );
    const digest = sha256Hex(JSON.stringify([listed, more]));
    if (digest === memory.told) return { facts: [], remember: null };
    const paths = listed.map(({ path }) => (path.startsWith('/') ? path : join(place.root, path)));
    const target = paths.find((path) => writerOf(path) !== null) ?? paths[0] ?? place.root;
    const fact = factOfTamperedFiles('package', lines, more, target, Date.now(), this.#user);
    return { facts: [fact], remember: () => memory.setTold(digest) };
  }

  #factsOfChanges(changes: readonly OwnChange[]): readonly Fact[] {
    const { writerOf } = this.#options;
    return PARTS.flatMap((part) => {
      const own = changes.filter((change) => change.part === part);
      const target = (own.find(({ path }) => writerOf(path) !== null) ?? own[0])?.path;
      const lines = own.map(({ path, change }) => `${path} ${change}`);
      return target === undefined
        ? []
        : [factOfTamperedFiles(part, lines, 0, target, Date.now(), this.#user)];
    });
  }

  #say(state: Health['state'], detail: string): void {
    const told = { kind: 'health', time: Date.now(), collector: 'integrity', detail } as const;
    this.#options.onHealth({ ...told, ...STANDINGS[state] });
  }
}
