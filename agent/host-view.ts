import { resolve } from 'node:path';
import {
  ApprovalStore,
  Assessor,
  type FleetPolicy,
  KeptHashes,
  type StoredApproval,
  type Trust,
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
import type { Stance } from './stance.ts';
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
  /** How strictly is judged, asked at each look; `developer` unless told. */
  readonly stance?: Pick<Stance, 'profile'> | undefined;
  /** The group that this host belongs to. */
  readonly group?: string | null | undefined;
  /** Directory of the host's trust roots, which alone counts where it exists; null for none. */
  readonly systemTrust: string | null;
  /** Absolute paths of the guard of this installation. */
  readonly guards: readonly string[];
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
  /** What every server is held to beside the policy of its approval. */
  readonly fleet: FleetPolicy;
}

/** Looks at the host: what can run, and whether it may. Used by the daemon and by the CLI alike. */
export class HostView {
  readonly copies: SealedCopies;
  readonly approvals: ApprovalStore;
  readonly #options: HostViewOptions;
  readonly #records = new ProjectRecords();
  readonly #kept: KeptHashes;
  readonly #assessor: Assessor;
  #cache: HashCache | null = null;
  #keepsHashes = true;

  constructor(options: HostViewOptions) {
    this.#options = options;
    this.#kept = new KeptHashes(options.stateDir);
    this.approvals = new ApprovalStore(options.stateDir);
    this.copies = options.copies;
    const { stateDir, systemTrust, trust, stores, group = null, writers } = options;
    this.#assessor = new Assessor({
      approvals: this.approvals,
      trustSource: {
        stateDir,
        systemDirectory: systemTrust,
        get profile() {
          return profileOf(options);
        },
      },
      trust,
      stores,
      group,
      evidenceOf: (server) => (change) => evidenceOf(change, server.id, (path) => writers.of(path)),
    });
  }

  get profile(): Profile {
    return profileOf(this.#options);
  }

  /** Whether digests of files are kept in memory between two looks, or read again from where they lie on disk. */
  keepHashes(keeps: boolean): void {
    this.#keepsHashes = keeps;
    // A look that goes on has its own hold on them.
    if (!keeps) this.#cache = null;
  }

  /** Takes the inventory and judges every server of it. `onProgress` hears how many config places were read. */
  async look(now: Date, onProgress?: InventoryOptions['onProgress']): Promise<HostSight> {
    const { users, roots, platform, env, salt, guards, stateDir } = this.#options;
    const cache = this.#cache ?? this.#kept.load();
    if (this.#keepsHashes) this.#cache = cache;
    const inventory = await takeInventory({
      users,
      roots,
      platform,
      env,
      salt,
      cache,
      records: this.#records,
      profile: this.profile,
      facts: this.#options.facts,
      guards,
      guardStateDir: resolve(stateDir),
      onProgress,
    });
    this.#kept.save(cache);
    const projects = inventory.servers.flatMap(({ server }) =>
      server.project === null ? [] : [server.project],
    );
    const docket = this.#assessor.load([...new Set([...projects, ...roots])]);
    const servers = inventory.servers.map((discovered) =>
      knownServer(discovered, this.#assessor.judge(discovered.server, docket, now)),
    );
    this.#assessor.keepTime(now);
    const { stored, trust, fleet } = docket;
    const watched = this.#assessor.watched(docket);
    const files = [...inventory.watch.files, ...watched.files];
    const trees = [...inventory.watch.trees, ...watched.trees];
    const { problems, controls } = inventory;
    return { servers, problems, controls, watch: { files, trees }, stored, trust, fleet };
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

function profileOf({ stance }: HostViewOptions): Profile {
  return stance?.profile ?? 'developer';
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
