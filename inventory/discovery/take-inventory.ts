import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Problem } from '../../wire/index.ts';
import { CLIENTS } from '../clients/catalogue.ts';
import type { Client, ConfigLocation, Platform } from '../clients/client.ts';
import type { HashCache } from '../closure/hash-cache.ts';
import { AccountNames } from '../closure/names.ts';
import { Writers } from '../closure/writers.ts';
import { findEntries } from '../config/containers.ts';
import { type ConfigFile, readConfigFile } from '../config/document.ts';
import { InventoryError, problemOf } from '../errors.ts';
import { MAX_PROBLEMS_PER_FILE } from '../limits.ts';
import type { HostUser } from '../users.ts';
import { type PlaceContext, pathsOf, patternDirectory } from './places.ts';
import { type FoundProjects, projectsBelow, recordedProjects } from './projects.ts';
import { type DiscoveredServer, describeServer, type HostContext } from './server.ts';

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
  readonly problems: readonly Problem[];
  readonly watch: WatchPlan;
}

/** A config file that may exist, and whose it is. */
interface Candidate {
  readonly client: Client;
  readonly location: ConfigLocation;
  readonly path: string;
  readonly project: string | null;
  readonly user: HostUser;
  readonly userName: string;
}

/**
 * Finds every MCP server that the clients of these users can start. Faults in configs are problems beside
 * the servers of the others; throws InventoryError only where no salt was given.
 */
export async function takeInventory(options: InventoryOptions): Promise<Inventory> {
  if (options.salt === '')
    throw new InventoryError('INVENTORY_SALT_MISSING', 'the salt of the inventory is empty');
  const scan = new Scan(options);
  for (const candidate of scan.candidates()) {
    scan.read(candidate);
    // Hashing is synchronous; between files others of this process get their turn.
    await nextTurn();
  }
  return scan.result();
}

class Scan {
  readonly #options: InventoryOptions;
  readonly #host: HostContext;
  readonly #servers = new Map<string, DiscoveredServer>();
  readonly #problems = new Map<string, Problem>();
  readonly #files = new Set<string>();
  readonly #trees = new Set<string>();
  readonly #read = new Map<string, ConfigFile>();

  constructor(options: InventoryOptions) {
    this.#options = options;
    const names = options.names ?? AccountNames.ofHost();
    this.#host = {
      cache: options.cache,
      names,
      writers: new Writers(names),
      env: options.env,
      salt: options.salt,
    };
  }

  result(): Inventory {
    const watch = { files: [...this.#files].sort(), trees: [...this.#trees].sort() };
    return { servers: [...this.#servers.values()], problems: [...this.#problems.values()], watch };
  }

  /** Every place where a config may lie: each path once per client, user scope first. */
  candidates(): readonly Candidate[] {
    const byPath = new Map<string, Candidate>();
    const add = (
      context: PlaceContext,
      user: HostUser,
      userName: string,
      wanted: (location: ConfigLocation) => boolean,
    ) => {
      for (const client of CLIENTS) {
        for (const location of client.locations.filter(wanted)) {
          const directory = patternDirectory(location, context);
          if (directory !== null) this.#trees.add(directory);
          for (const path of pathsOf(location, context)) {
            const key = `${client.id}\0${path}`;
            if (!byPath.has(key))
              byPath.set(key, { client, location, path, project: context.project, user, userName });
          }
        }
      }
    };
    const { users, roots } = this.#options;
    for (const user of users) {
      add(this.#context(user, null), user, user.name, ({ base }) => base !== 'project' && base !== 'system');
    }
    const [first] = users;
    if (first !== undefined) {
      add(
        this.#context(first, null),
        first,
        users.length === 1 ? first.name : '*',
        ({ base }) => base === 'system',
      );
    }
    const inProject = ({ base }: ConfigLocation) => base === 'project';
    for (const user of users) {
      for (const project of this.#projects(recordedProjects(this.#context(user, null)))) {
        add(this.#context(user, project), user, user.name, inProject);
      }
    }
    for (const root of roots.map((path) => resolve(path))) {
      const user = this.#ownerOf(root);
      for (const project of this.#projects(projectsBelow(root)))
        add(this.#context(user, project), user, user.name, inProject);
    }
    return [...byPath.values()];
  }

  read(candidate: Candidate): void {
    const { client, location, path } = candidate;
    this.#files.add(path);
    const key = `${location.format}\0${path}`;
    const file = this.#read.get(key) ?? readConfigFile(path, location.format);
    this.#read.set(key, file);
    for (const link of file.links) this.#files.add(link);
    if (file.realPath !== null) this.#files.add(file.realPath);
    for (const fault of file.faults) this.#report(problemOf(path, fault));
    if (file.document === null || file.document.root === null || file.realPath === null) return;
    const found = findEntries(file.document, client, location.containers, true);
    for (const fault of found.faults.slice(0, MAX_PROBLEMS_PER_FILE)) this.#report(problemOf(path, fault));
    for (const entry of found.entries) {
      const project = entry.project ?? candidate.project;
      const source = {
        ...candidate,
        realPath: file.realPath,
        linked: file.links.length > 0,
        project,
        projectSource: null,
        scope: entry.project === null ? location.scope : ('project' as const),
      };
      const { discovered, files, trees } = describeServer(source, entry, this.#host);
      if (this.#servers.has(discovered.server.id)) continue;
      this.#servers.set(discovered.server.id, discovered);
      for (const watched of files) this.#files.add(watched);
      for (const tree of trees) this.#trees.add(tree);
    }
  }

  #context(user: HostUser, project: string | null): PlaceContext {
    const { platform, env, systemRoot = '/' } = this.#options;
    return { platform: supportedPlatform(platform), env, systemRoot, user, project };
  }

  #projects(found: FoundProjects): readonly string[] {
    for (const file of found.files) this.#files.add(file);
    for (const problem of found.problems) this.#report(problem);
    return found.directories;
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
}

function ownerId(path: string): number {
  try {
    return statSync(path).uid;
  } catch {
    return 0;
  }
}

function supportedPlatform(platform: NodeJS.Platform): Platform {
  return platform === 'darwin' || platform === 'win32' ? platform : 'linux';
}
