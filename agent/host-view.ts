import { join } from 'node:path';
import {
  ApprovalError,
  ApprovalStore,
  identityOf,
  judge,
  loadTrust,
  type MarkSubject,
  type StoredApproval,
  type Trust,
  trustFiles,
  type Verdict,
} from '../approval/index.ts';
import {
  type DiscoveredServer,
  type HashCache,
  type HostUser,
  type Inventory,
  type InventoryOptions,
  ProjectRecords,
  readRegular,
  redactShapes,
  sha256Hex,
  takeInventory,
} from '../inventory/index.ts';
import type { Artefact, Control, Problem, Profile } from '../wire/index.ts';
import { evidenceOf } from './enrich/change-evidence.ts';
import { type KnownServer, knownServer } from './enrich/known-server.ts';
import { KeptHashes } from './state/kept-hashes.ts';
import type { KeptWriters } from './state/kept-writers.ts';
import type { SealedCopies } from './state/sealed-copies.ts';

/** Largest artefact that a copy is kept of for diffs, in bytes. */
const MAX_COPIED_BYTES = 256 * 1024;
/** Roles whose text is worth a diff. */
const COPIED_ROLES: ReadonlySet<Artefact['role']> = new Set([
  'script',
  'helper',
  'env-file',
  'hook',
  'prompt',
  'lockfile',
]);

export interface HostViewOptions {
  readonly users: readonly HostUser[];
  readonly roots: readonly string[];
  readonly stateDir: string;
  /** Key of the digests of environment values. */
  readonly salt: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How strictly is judged; `developer` unless told. */
  readonly profile?: Profile | undefined;
  /** The group that this host belongs to. */
  readonly group?: string | null | undefined;
  /** Directory of the host's trust roots, which alone counts where it exists; null for none. */
  readonly systemTrust: string | null;
  /** Which approvals count: all, or only those committed beside a project. */
  readonly stores?: 'all' | 'committed' | undefined;
  /** Trust roots that were named one by one, in place of those of host and state directory. */
  readonly trust?: Trust | undefined;
  /** `closure` leaves out what no verdict needs. All unless told. */
  readonly facts?: InventoryOptions['facts'];
  /** Copies of small texts, for diffs. */
  readonly copies: SealedCopies;
  /** Who wrote artefacts last. */
  readonly writers: Pick<KeptWriters, 'of'>;
}

/** The servers of the host with their verdicts, as of one look. */
export interface HostSight {
  readonly servers: readonly KnownServer[];
  readonly problems: readonly Problem[];
  /** Settings beside the servers that decide what runs or what asks. */
  readonly controls: readonly Control[];
  readonly watch: Inventory['watch'];
  /** Every approval file that was read, with what is wrong with it. */
  readonly stored: readonly StoredApproval[];
  /** Whose signatures count; null where the trust roots cannot be believed. */
  readonly trust: Trust | null;
}

/** Time that is kept across restarts is kept this often, in milliseconds. */
const KEEP_TIME_MS = 60_000;

/** Looks at the host: what can run, and whether it may. Used by the daemon and by the CLI alike. */
export class HostView {
  readonly copies: SealedCopies;
  readonly approvals: ApprovalStore;
  readonly profile: Profile;
  readonly #options: HostViewOptions;
  readonly #records = new ProjectRecords();
  readonly #kept: KeptHashes;
  #cache: HashCache | null = null;

  constructor(options: HostViewOptions) {
    this.#options = options;
    this.profile = options.profile ?? 'developer';
    this.#kept = new KeptHashes(options.stateDir);
    this.approvals = new ApprovalStore(options.stateDir);
    this.copies = options.copies;
  }

  /** Takes the inventory and judges every server of it. `onProgress` hears how many config places were read. */
  async look(now: Date, onProgress?: InventoryOptions['onProgress']): Promise<HostSight> {
    const { users, roots, platform, env, salt, stateDir } = this.#options;
    this.#cache ??= this.#kept.load();
    const inventory = await takeInventory({
      users,
      roots,
      platform,
      env,
      salt,
      cache: this.#cache,
      records: this.#records,
      profile: this.profile,
      facts: this.#options.facts,
      onProgress,
    });
    this.#kept.save(this.#cache);
    const projects = inventory.servers.flatMap(({ server }) =>
      server.project === null ? [] : [server.project],
    );
    const known = this.#stored([...new Set([...projects, ...roots])]);
    const servers = inventory.servers.map((discovered) =>
      knownServer(discovered, known.fault ?? this.#judge(discovered, known, now)),
    );
    this.#keepTime(now);
    const { stored, trust } = known;
    const files = [...inventory.watch.files, ...stored.map((entry) => entry.path), ...this.#trustFiles()];
    const own = [join(stateDir, 'approvals'), join(stateDir, 'bundle'), ...this.#trustDirectories()];
    const trees = [...inventory.watch.trees, ...own];
    const { problems, controls } = inventory;
    return { servers, problems, controls, watch: { files, trees }, stored, trust };
  }

  #judge(discovered: DiscoveredServer, { stored, trust }: Known, now: Date): Verdict {
    const { server } = discovered;
    const { marks } = this.approvals;
    const group = this.#options.group ?? null;
    const subject: MarkSubject = {
      server: identityOf(server),
      profile: this.profile,
      group,
      user: server.user,
    };
    const verdict = judge(server, stored, {
      situation: { now, latestSeen: marks.latestSeen, profile: this.profile, group },
      threshold: trust?.threshold[this.profile] ?? 1,
      highestSerial: marks.highest(subject),
      evidenceOf: (change) => evidenceOf(change, server.id, (path) => this.#options.writers.of(path)),
    });
    if (verdict.statement !== null && verdict.counts)
      marks.record(subject, verdict.statement.predicate.serial);
    return verdict;
  }

  /** The approvals; where they cannot be believed at all (trust roots that others may write), no server is approved. */
  #stored(projects: readonly string[]): Known {
    try {
      const trust = this.#options.trust ?? loadTrust(this.#trustSource());
      const stored =
        this.#options.stores === 'committed'
          ? this.approvals.loadCommitted(projects, trust)
          : this.approvals.load(projects, trust);
      return { stored, trust, fault: null };
    } catch (error) {
      if (!(error instanceof ApprovalError)) throw error;
      return { stored: [], trust: null, fault: unbelievable(error, this.profile) };
    }
  }

  #trustSource() {
    const { stateDir, systemTrust } = this.#options;
    return { stateDir, systemDirectory: systemTrust, profile: this.profile };
  }

  #trustFiles(): readonly string[] {
    return this.#options.trust === undefined ? trustFiles(this.#trustSource()) : [];
  }

  /** The directories themselves, so that a root that is added is seen as well as one that is changed. */
  #trustDirectories(): readonly string[] {
    const { stateDir, systemTrust, trust } = this.#options;
    if (trust !== undefined) return [];
    return [join(stateDir, 'trust'), ...(systemTrust === null ? [] : [systemTrust])];
  }

  #keepTime(now: Date): void {
    const { marks } = this.approvals;
    if (now.getTime() - (marks.latestSeen ?? 0) >= KEEP_TIME_MS) marks.recordTime(now);
  }

  /** Keeps redacted copies of a server's small texts, so that a later change can be shown as a diff. */
  keepCopies(discovered: DiscoveredServer): void {
    for (const artefact of discovered.server.closure.artefacts) {
      if (artefact.sha256 === null) continue;
      if (artefact.role === 'config') this.copies.put(artefact.sha256, `${discovered.entry}\n`);
      else if (COPIED_ROLES.has(artefact.role)) this.#keepFile(artefact.path, artefact.sha256, artefact.role);
    }
  }

  #keepFile(path: string, digest: string, role: Artefact['role']): void {
    if (this.copies.has(digest)) return;
    let content: Buffer | null;
    try {
      content = readRegular(path, MAX_COPIED_BYTES);
    } catch {
      return;
    }
    if (content === null || sha256Hex(content) !== digest) return;
    const text = content.toString('utf8');
    this.copies.put(digest, role === 'env-file' ? withoutValues(text) : redactShapes(text));
  }
}

interface Known {
  readonly stored: readonly StoredApproval[];
  readonly trust: Trust | null;
  /** The verdict about every server where no approval can be believed. */
  readonly fault: Verdict | null;
}

function unbelievable(error: ApprovalError, profile: Profile): Verdict {
  return {
    state: 'invalid',
    code: error.code,
    reason: `no approval can be believed: ${error.message}`,
    ruling: profile === 'production' ? 'deny' : 'report',
    statement: null,
    source: null,
    counts: false,
    changes: [],
  };
}

/**
 * An env file with its names only: a diff tells which variable changed, never a value. A line that is no
 * assignment may be the next line of a value, and a comment may hold an old one.
 */
function withoutValues(text: string): string {
  return text.replaceAll(/^.+$/gm, (line) => {
    const name = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*=/.exec(line)?.[0];
    return name === undefined ? '<text>' : `${name}<value>`;
  });
}
