import { join, resolve, sep } from 'node:path';
import type { ControlKind, Problem, Scope } from '../../wire/index.ts';
import { CLIENTS } from '../clients/catalogue.ts';
import type { Client, ConfigLocation, ControlFile, Place, Platform } from '../clients/client.ts';
import { problemOf } from '../errors.ts';
import type { DirectoryListings } from './listings.ts';
import { absentFrom, locate, type PlaceContext, type PlacedFiles } from './places.ts';
import { projectsBelow } from './project-roots.ts';
import {
  type FoundProject,
  type FoundProjects,
  projectsOfRunning,
  type RecordReaders,
  recordedProjects,
} from './projects.ts';
import type { UserView } from './user-view.ts';

/** Whose a file is, and what led to it. */
export interface FoundFile {
  readonly client: Client;
  readonly path: string;
  readonly project: string | null;
  readonly projectSource: string | null;
  readonly view: UserView;
  /** `*` for what counts for every user. */
  readonly userName: string;
}

/** A config file that exists. */
export interface FoundConfig extends FoundFile {
  readonly location: ConfigLocation;
}

/** A file that is a control as a whole. */
export interface FoundControlFile extends FoundFile {
  readonly scope: Scope;
  readonly kind: ControlKind;
}

export interface ConfigSearchOptions {
  readonly platform: Platform;
  readonly systemRoot: string;
  readonly listings: DirectoryListings;
  readonly readers: RecordReaders;
  /** Ids of the clients whose places are looked into; all unless given. */
  readonly clients?: ReadonlySet<string> | undefined;
}

type Wanted = 'user' | 'system' | 'project';

const ALL_USERS = '*';

/** Looks into every place that the catalogue knows, for users and projects; each file once per client and project. */
export class ConfigSearch {
  readonly #options: ConfigSearchOptions;
  readonly #clients: readonly Client[];
  readonly #configs = new Map<string, FoundConfig>();
  readonly #controls = new Map<string, FoundControlFile>();
  readonly #variants = new Set<string>();
  readonly #truncated = new Set<string>();
  readonly #problems: Problem[] = [];
  readonly #installed = new Map<UserView, ReadonlySet<string>>();
  readonly #searched = new Set<string>();
  /** Paths that matter, existing or not. */
  readonly files = new Set<string>();
  /** Directories in which new files may matter. */
  readonly trees = new Set<string>();

  constructor(options: ConfigSearchOptions) {
    this.#options = options;
    const { clients } = options;
    this.#clients = clients === undefined ? CLIENTS : CLIENTS.filter(({ id }) => clients.has(id));
  }

  /** What lies above a project counts for it only where its own directory is no project that is looked at. */
  get configs(): readonly FoundConfig[] {
    const all = [...this.#configs.values()];
    const own = new Set(all.filter(isInside).map(({ client, path }) => keyOf(client, path, null)));
    return all.filter((found) => isInside(found) || !own.has(keyOf(found.client, found.path, null)));
  }

  get controls(): readonly FoundControlFile[] {
    return [...this.#controls.values()];
  }

  get problems(): readonly Problem[] {
    const read = new Set(this.configs.map(({ path }) => path));
    const variants = [...this.#variants].filter((path) => !read.has(path)).map(variantProblem);
    return [...this.#problems, ...variants, ...[...this.#truncated].map(truncatedProblem)];
  }

  /** The users' own configs, and those that count for all of them. */
  searchUsers(views: readonly UserView[]): void {
    for (const view of views) this.#search('user', view, view.user.name, null);
    const [first] = views;
    if (first === undefined) return;
    this.#search('system', first, views.length === 1 ? first.user.name : ALL_USERS, null);
  }

  /** The projects that users' clients have on record, and those in which they run. */
  searchKnownProjects(views: readonly UserView[]): void {
    for (const view of views)
      this.#searchProjects(recordedProjects(this.#context(view, null), this.#options.readers), view);
    for (const view of views) {
      for (const project of projectsOfRunning(view.running))
        this.#search('project', view, view.user.name, project);
    }
  }

  /** A project that somebody named. */
  searchProject(directory: string, view: UserView): void {
    this.#search('project', view, view.user.name, { directory, source: `named:${directory}` });
  }

  searchRoot(root: string, view: UserView): void {
    this.#searchProjects(projectsBelow(resolve(root)), view);
  }

  #searchProjects(found: FoundProjects, view: UserView): void {
    for (const file of found.files) this.files.add(file);
    this.#problems.push(...found.problems);
    for (const project of found.projects) this.#search('project', view, view.user.name, project);
  }

  #search(wanted: Wanted, view: UserView, userName: string, project: FoundProject | null): void {
    if (project !== null && this.#searched.has(project.directory)) return;
    if (project !== null) this.#searched.add(project.directory);
    const context = this.#context(view, project?.directory ?? null);
    const installed = this.#installedClients(view);
    const facts = {
      view,
      userName,
      project: project?.directory ?? null,
      projectSource: project?.source ?? null,
    };
    for (const client of this.#clients) {
      const shared = installed.has(client.id) ? (client.sharedLocations ?? []) : [];
      for (const location of [...client.locations, ...shared]) {
        if (wantedOf(location) !== wanted) continue;
        for (const path of this.#note(this.#locate(location, context)))
          this.#addConfig({ client, location, path, ...facts });
      }
      for (const control of client.controlFiles ?? []) {
        if (wantedOf(control) !== wanted) continue;
        const { kind, scope } = control;
        for (const path of this.#note(this.#locate(control, context)))
          this.#addControl({ client, kind, scope, path, ...facts });
      }
    }
  }

  /** Nearly all places of a project are not there: those cost no more than a look at one name. */
  #locate(place: Place, context: PlaceContext): PlacedFiles {
    const { platforms } = place;
    if (context.project === null || platforms !== undefined) return locate(place, context);
    return absentFrom(place, context.project, context.listings) ?? locate(place, context);
  }

  #note(placed: PlacedFiles): readonly string[] {
    for (const path of placed.fixed) this.files.add(path);
    for (const path of placed.trees) this.trees.add(path);
    for (const path of placed.variants) this.#variants.add(path);
    for (const path of placed.truncated) this.#truncated.add(path);
    return placed.found;
  }

  #addConfig(found: FoundConfig): void {
    const { client, location, project } = found;
    // One file may hold several configs, each embedded at a key of its own.
    const path = [found.path, ...(location.embedded?.key ?? [])].join('\0');
    // A user's own file is no project's, even where a project lies in the home.
    if (this.#configs.has(keyOf(client, path, null))) return;
    const key = keyOf(client, path, project);
    if (!this.#configs.has(key)) this.#configs.set(key, found);
  }

  #addControl(found: FoundControlFile): void {
    const { client, path, project, kind } = found;
    if (this.#controls.has(`${kind}\0${keyOf(client, path, null)}`)) return;
    const key = `${kind}\0${keyOf(client, path, project)}`;
    if (!this.#controls.has(key)) this.#controls.set(key, found);
  }

  /** Clients that left a sign of use in this home. */
  #installedClients(view: UserView): ReadonlySet<string> {
    const known = this.#installed.get(view);
    if (known !== undefined) return known;
    const context = this.#context(view, null);
    const installed = new Set(
      CLIENTS.filter(({ signs = [] }) => signs.some((sign) => locate(sign, context).found.length > 0)).map(
        ({ id }) => id,
      ),
    );
    this.#installed.set(view, installed);
    return installed;
  }

  #context(view: UserView, project: string | null): PlaceContext {
    const { platform, systemRoot, listings } = this.#options;
    return { platform, systemRoot, listings, project, user: view.user, environments: view.environments };
  }
}

function wantedOf({ base }: ConfigLocation | ControlFile): Wanted {
  if (base === 'project') return 'project';
  return base === 'system' || base === 'programdata' ? 'system' : 'user';
}

function isInside({ project, path }: FoundFile): boolean {
  return project === null || path.startsWith(join(project, sep));
}

function keyOf(client: Client, path: string, project: string | null): string {
  return `${client.id}\0${project ?? ''}\0${path}`;
}

function variantProblem(path: string): Problem {
  const message = 'another spelling of a config; not read here, but would be on a disk that ignores case';
  return problemOf(path, { code: 'CONFIG_CASE_VARIANT', message, at: null });
}

function truncatedProblem(path: string): Problem {
  const message = 'holds more than is looked at; configs in it may be missing';
  return problemOf(path, { code: 'INVENTORY_PATTERN_TRUNCATED', message, at: null });
}
