import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Control, Problem, Profile } from '../../wire/index.ts';
import type { Platform } from '../clients/client.ts';
import { type AccessListReader, AccessLists } from '../closure/files/access-lists.ts';
import { FileFacts } from '../closure/files/file-facts.ts';
import type { HashCache } from '../closure/files/hash-cache.ts';
import { AccountNames } from '../closure/files/names.ts';
import { NO_WRITERS, Writers } from '../closure/files/writers.ts';
import { ClosureMemory } from '../closure/launch/script-sources.ts';
import { findEntries } from '../config/containers.ts';
import type { ServerEntry } from '../config/entry.ts';
import { followLinks } from '../config/read.ts';
import { type GuardAcceptance, seenThrough } from '../config/seen-entry.ts';
import type { ConfigObject } from '../config/value.ts';
import { InventoryError, problemOf } from '../errors.ts';
import type { HostUser } from '../users.ts';
import { acceptedGuards } from './accepted-guards.ts';
import { ConfigFiles } from './config-files.ts';
import { ConfigSearch, type FoundConfig, type FoundControlFile } from './config-search.ts';
import { ControlSet } from './controls.ts';
import { settingsOf, withSettings } from './extension-settings.ts';
import { hookScripts } from './hook-scripts.ts';
import { DirectoryListings } from './listings.ts';
import { ProjectRecords } from './project-records.ts';
import { NO_RUNNING_CLIENTS, ProcRunningClients, type RunningClients } from './running-clients.ts';
import { type DiscoveredServer, describeServer, type HostContext } from './server.ts';
import { UserView } from './user-view.ts';

export interface InventoryOptions {
  readonly users: readonly HostUser[];
  /** Directories below which projects are looked for. */
  readonly roots: readonly string[];
  readonly platform: NodeJS.Platform;
  /** PATH and the variables that move configs; they count for the user whose HOME it names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Key of the digests of environment values; must not be empty. */
  readonly salt: string;
  readonly cache: HashCache;
  /** Where managed configs are looked for; `/` unless a test sets it. */
  readonly systemRoot?: string;
  readonly names?: AccountNames;
  /** How access control lists are read; by the host's own tool unless given. */
  readonly accessLists?: AccessListReader | undefined;
  /** Tells which clients run; /proc on Linux unless given. */
  readonly runningClients?: RunningClients | undefined;
  /** Reads clients' records of projects; keep one from scan to scan, so that a broken record loses no project. */
  readonly records?: ProjectRecords | undefined;
  /** How strictly findings are judged; `developer` unless told. */
  readonly profile?: Profile | undefined;
  /**
   * `closure` leaves out what no verdict needs: who can write what, findings and controls. All unless told.
   */
  readonly facts?: 'all' | 'closure' | undefined;
  /** Absolute paths of the guard; entries are seen through where it stands in front of them. None unless told. */
  readonly guards?: readonly string[] | undefined;
  /** The only state directory that such a guard may be given; none unless told. */
  readonly guardStateDir?: string | undefined;
  /** Ids of the clients whose places are looked into; all unless given. */
  readonly clients?: ReadonlySet<string> | undefined;
  /** Projects that are looked at in place of those that clients have on record or run in. */
  readonly projects?: readonly string[] | undefined;
  /** Whether an entry is wanted, asked before anything of it is hashed; all are unless given. */
  readonly wants?: ((entry: EntryPlace) => boolean) | undefined;
  /** Told after every config file: how many of how many places were read. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Where an entry stands and what it says. */
export interface EntryPlace {
  readonly client: string;
  readonly path: string;
  readonly project: string | null;
  readonly entry: ServerEntry;
}

/** What has to be watched so that no change of a server is missed. */
export interface WatchPlan {
  /** Absolute paths, existing or not: configs, single artefacts, links and their targets. */
  readonly files: readonly string[];
  /** Directories that are hashed whole, or in which new configs may appear. */
  readonly trees: readonly string[];
}

export interface Inventory {
  readonly servers: readonly DiscoveredServer[];
  readonly controls: readonly Control[];
  readonly problems: readonly Problem[];
  readonly watch: WatchPlan;
}

/**
 * Finds every MCP server that the clients of these users can start. Faults in configs are problems beside
 * the servers of the others; throws InventoryError only where no salt was given.
 */
export async function takeInventory(options: InventoryOptions): Promise<Inventory> {
  if (options.salt === '')
    throw new InventoryError('INVENTORY_SALT_MISSING', 'the salt of the inventory is empty');
  const lists = new AccessLists(options.cache.accessLists, options.accessLists);
  const first = await scanHost(options, lists);
  // What a list says is judged in a second look, at what is all known by now; few hosts have any.
  const last = (await lists.readWanted()) ? await scanHost(options, lists) : first;
  return withAssumption(last, lists.unread);
}

async function scanHost(options: InventoryOptions, lists: AccessLists): Promise<Inventory> {
  const scan = new Scan(options, lists);
  const { configs, controls } = scan.search();
  const total = configs.length + controls.length;
  let done = 0;
  const step = async (work: () => void) => {
    work();
    done += 1;
    options.onProgress?.(done, total);
    // Hashing is synchronous; between files others of this process get their turn.
    await nextTurn();
  };
  for (const config of configs) await step(() => scan.read(config));
  for (const control of controls) await step(() => scan.hash(control));
  return scan.result();
}

function withAssumption(inventory: Inventory, assumption: string | null): Inventory {
  if (assumption === null) return inventory;
  const servers = inventory.servers.map((found) => {
    const assumptions = [...found.server.assumptions, assumption];
    return { ...found, server: { ...found.server, assumptions } };
  });
  return { ...inventory, servers };
}

function readersByPath(configs: readonly FoundConfig[]): ReadonlyMap<string, ReadonlySet<string>> {
  const readers = new Map<string, Set<string>>();
  for (const { path, client } of configs) {
    const known = readers.get(path) ?? new Set();
    readers.set(path, known.add(client.id));
  }
  return readers;
}

class Scan {
  readonly #all: boolean;
  readonly #options: InventoryOptions;
  readonly #host: HostContext;
  readonly #guards: GuardAcceptance;
  readonly #views: readonly UserView[];
  readonly #configFiles = new ConfigFiles();
  readonly #search: ConfigSearch;
  readonly #servers = new Map<string, DiscoveredServer>();
  readonly #controls = new ControlSet();
  readonly #problems = new Map<string, Problem>();
  readonly #files = new Set<string>();
  readonly #trees = new Set<string>();
  readonly #seen = new Set<string>();
  #readers: ReadonlyMap<string, ReadonlySet<string>> | null = null;

  constructor(options: InventoryOptions, lists: AccessLists) {
    this.#options = options;
    const { cache, salt, profile = 'developer', names = AccountNames.ofHost() } = options;
    this.#all = options.facts !== 'closure';
    const writers = this.#all ? new Writers(names, lists) : NO_WRITERS;
    const platform = supportedPlatform(options.platform);
    const systemRoot = options.systemRoot ?? rootOf(platform, options.env);
    const memory = new ClosureMemory();
    const files = new FileFacts(cache);
    const judged = this.#all;
    this.#guards = acceptedGuards(options.guards ?? [], options.guardStateDir);
    this.#host = { cache, files, names, writers, judged, salt, profile, memory, systemRoot, platform };
    const running = runningClientsOf(options).list();
    const isShared = (user: HostUser) =>
      options.users.some((other) => other !== user && other.uid === user.uid);
    const viewOf = (user: HostUser) =>
      new UserView(user, { platform, systemRoot, env: options.env, running, sharesUid: isShared(user) });
    this.#views = options.users.map(viewOf);
    this.#search = new ConfigSearch({
      platform,
      systemRoot,
      listings: new DirectoryListings(),
      readers: { files: this.#configFiles, records: options.records ?? new ProjectRecords() },
      clients: options.clients,
    });
    this.#viewOfOwner = (root) => {
      const owner = this.#ownerOf(root);
      return this.#views.find(({ user }) => user === owner) ?? viewOf(owner);
    };
  }

  readonly #viewOfOwner: (root: string) => UserView;

  /** Where servers and controls may be: users first, then their projects, then the configured roots. */
  search(): { readonly configs: readonly FoundConfig[]; readonly controls: readonly FoundControlFile[] } {
    this.#search.searchUsers(this.#views);
    const [first] = this.#views;
    const { projects } = this.#options;
    if (projects === undefined) this.#search.searchKnownProjects(this.#views);
    else if (first !== undefined) for (const project of projects) this.#search.searchProject(project, first);
    for (const root of this.#options.roots.map((path) => resolve(path)))
      this.#search.searchRoot(root, this.#viewOfOwner(root));
    const { configs, controls } = this.#search;
    return { configs, controls: this.#all ? controls : [] };
  }

  result(): Inventory {
    for (const problem of [...this.#search.problems, ...this.#controls.problems]) this.#report(problem);
    const watch = {
      files: [...new Set([...this.#search.files, ...this.#files])],
      trees: [...new Set([...this.#search.trees, ...this.#trees])],
    };
    const servers = [...this.#servers.values()];
    return { servers, controls: this.#controls.all, problems: this.#told(), watch };
  }

  read(found: FoundConfig): void {
    const { client, location, path, view, userName } = found;
    this.#files.add(path);
    const file = this.#configFiles.read(path, location.format, {
      embedded: location.embedded,
      encodings: client.encodings,
    });
    for (const link of file.links) this.#files.add(link);
    if (file.realPath !== null) {
      this.#files.add(file.realPath);
      if (this.#isAnotherName(found, file.realPath)) return;
    }
    for (const fault of file.faults) this.#report(problemOf(path, fault));
    const { document, realPath, links } = file;
    if (document === null || document.root === null || realPath === null) return;
    if (this.#all) this.#addControls(document.root, found);
    const entries = findEntries(document, client, location.containers, true);
    for (const fault of entries.faults) this.#report(problemOf(path, fault));
    const settings = settingsOf(path, location.settings, this.#configFiles);
    for (const literal of entries.entries) {
      const place = { clients: this.#readersOf(path), name: literal.entry.name, path };
      const entry = seenThrough(literal, client, place, this.#guards);
      const own = entry.project !== null;
      const meant = { client: client.id, path, project: entry.project ?? found.project, entry: entry.entry };
      if (this.#options.wants?.(meant) === false) continue;
      const source = {
        client,
        location,
        path,
        realPath,
        linked: links.length > 0,
        project: entry.project ?? found.project,
        projectSource: own ? `config:${path}` : found.projectSource,
        scope: own ? ('project' as const) : location.scope,
        user: view.user,
        userName,
        environment: { ...view.environment, ...settings.values },
        searchPath: view.searchPath(client.id),
      };
      const described = { ...entry, entry: withSettings(entry.entry, settings) };
      const { discovered, files, trees } = describeServer(source, described, this.#host);
      if (this.#servers.has(discovered.server.id)) continue;
      this.#servers.set(discovered.server.id, discovered);
      for (const watched of files) this.#files.add(watched);
      for (const tree of trees) this.#trees.add(tree);
    }
  }

  /** Several clients may read one file, and an entry of it names but one of them to the guard. */
  #readersOf(path: string): ReadonlySet<string> {
    this.#readers ??= readersByPath(this.#search.configs);
    return this.#readers.get(path) ?? new Set();
  }

  #addControls(root: ConfigObject, found: FoundConfig): void {
    const { client, location } = found;
    const control = { ...found, client: client.id, scope: location.scope };
    this.#controls.addSettings(root, location.controls ?? [], control);
    this.#addHookScripts(root, found);
  }

  #addHookScripts(root: ConfigObject, found: FoundConfig): void {
    const { client, location, path, project, view } = found;
    const configDirectory = dirname(path);
    const place = { home: view.user.home, project, configDirectory, env: view.environment };
    const { scripts, watched, truncated } = hookScripts(root, location.controls ?? [], place);
    if (truncated) {
      const message = 'its hooks name more than is followed; some of their scripts are not listed';
      this.#report(problemOf(path, { code: 'INVENTORY_TOO_MANY_CONTROLS', message, at: null }));
    }
    for (const script of watched) this.#files.add(script);
    for (const script of scripts)
      this.hash({ ...found, client, kind: 'hook', scope: location.scope, path: script });
  }

  hash(found: FoundControlFile): void {
    for (const link of followLinks(found.path)) this.#files.add(link);
    const source = { ...found, client: found.client.id };
    const { problem, watched } = this.#controls.addFile(found.kind, source, this.#host.cache);
    if (problem !== null) this.#report(problem);
    if (watched === null) return;
    this.#files.add(found.path);
    if (watched.isTree) this.#trees.add(watched.path);
    else this.#files.add(watched.path);
  }

  /** True for a file that was read under another name: a hard link, a symlink, another spelling. */
  #isAnotherName({ client, location, project, view }: FoundConfig, realPath: string): boolean {
    const stat = statSync(realPath, { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return false;
    const { containers, controls, embedded } = location;
    const read = JSON.stringify([client.id, project, view.user.home, containers, controls, embedded]);
    const key = `${stat.dev}:${stat.ino}:${read}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }

  /** A root belongs to its owner: of the users given, else by number. */
  #ownerOf(root: string): HostUser {
    const uid = ownerId(root);
    const known = this.#options.users.find((user) => root === user.home || root.startsWith(`${user.home}/`));
    const owner = known ?? this.#options.users.find((user) => user.uid === uid);
    return owner ?? { name: this.#host.names.user(uid), uid, gid: uid, home: root };
  }

  #report(problem: Problem): void {
    this.#problems.set(`${problem.path}\0${problem.code}\0${problem.line}\0${problem.message}`, problem);
  }

  /** The problems; a record that is itself a config was told of as such. */
  #told(): readonly Problem[] {
    const problems = [...this.#problems.values()];
    const configs = new Set(
      problems.filter(({ code }) => code.startsWith('CONFIG_')).map(({ path }) => path),
    );
    return problems.filter(({ code, path }) => code !== 'INVENTORY_RECORD_UNREADABLE' || !configs.has(path));
  }
}

/** Only the host's own processes tell of its clients; a scan as on another platform has none. */
function runningClientsOf({ runningClients, platform }: InventoryOptions): RunningClients {
  if (runningClients !== undefined) return runningClients;
  return platform === 'linux' && process.platform === 'linux' ? new ProcRunningClients() : NO_RUNNING_CLIENTS;
}

function ownerId(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? 0;
}

function rootOf(platform: Platform, env: InventoryOptions['env']): string {
  return platform === 'win32' && process.platform === 'win32' ? `${env['SystemDrive'] ?? 'C:'}\\` : '/';
}

function supportedPlatform(platform: NodeJS.Platform): Platform {
  return platform === 'darwin' || platform === 'win32' ? platform : 'linux';
}
