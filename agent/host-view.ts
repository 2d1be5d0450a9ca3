import { join } from 'node:path';
import {
  ApprovalError,
  ApprovalStore,
  judge,
  SealedCopies,
  type StoredApproval,
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
import { type KnownServer, knownServer } from './enrich/known-server.ts';
import { KeptHashes } from './state/kept-hashes.ts';

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
  /** How strictly findings are judged; `developer` unless told. */
  readonly profile?: Profile | undefined;
}

/** The servers of the host with their verdicts, as of one look. */
export interface HostSight {
  readonly servers: readonly KnownServer[];
  readonly problems: readonly Problem[];
  /** Settings beside the servers that decide what runs or what asks. */
  readonly controls: readonly Control[];
  readonly watch: Inventory['watch'];
}

/** Looks at the host: what can run, and whether it may. Used by the daemon and by the CLI alike. */
export class HostView {
  readonly copies: SealedCopies;
  readonly #options: HostViewOptions;
  readonly #records = new ProjectRecords();
  readonly #kept: KeptHashes;
  #cache: HashCache | null = null;
  readonly #approvals: ApprovalStore;

  constructor(options: HostViewOptions) {
    this.#options = options;
    this.#kept = new KeptHashes(options.stateDir);
    this.#approvals = new ApprovalStore(options.stateDir);
    this.copies = new SealedCopies(options.stateDir);
  }

  get approvals(): ApprovalStore {
    return this.#approvals;
  }

  /** Takes the inventory and judges every server of it. `onProgress` hears how many config places were read. */
  async look(now: Date, onProgress?: InventoryOptions['onProgress']): Promise<HostSight> {
    const { users, roots, platform, env, salt, stateDir, profile } = this.#options;
    this.#cache ??= this.#kept.load();
    const inventory = await takeInventory({
      users,
      roots,
      platform,
      env,
      salt,
      cache: this.#cache,
      records: this.#records,
      profile,
      onProgress,
    });
    this.#kept.save(this.#cache);
    const projects = inventory.servers.flatMap(({ server }) =>
      server.project === null ? [] : [server.project],
    );
    const { stored, fault } = this.#stored([...new Set([...projects, ...roots])]);
    const servers = inventory.servers.map((discovered) =>
      knownServer(discovered, fault ?? judge(discovered.server, stored, now)),
    );
    const files = [...inventory.watch.files, ...stored.map((entry) => entry.path)];
    const trees = [...inventory.watch.trees, join(stateDir, 'approvals'), join(stateDir, 'trust')];
    return { servers, problems: inventory.problems, controls: inventory.controls, watch: { files, trees } };
  }

  /** The approvals; where they cannot be believed at all (trust roots that others may write), no server is approved. */
  #stored(projects: readonly string[]): {
    readonly stored: readonly StoredApproval[];
    readonly fault: Verdict | null;
  } {
    try {
      return { stored: this.#approvals.load(projects), fault: null };
    } catch (error) {
      if (!(error instanceof ApprovalError)) throw error;
      const reason = `no approval can be believed: ${error.message}`;
      return { stored: [], fault: { state: 'invalid', reason, statement: null, changes: [] } };
    }
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
