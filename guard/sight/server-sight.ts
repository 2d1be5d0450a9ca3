import { dirname } from 'node:path';
import type { Assessor, FleetPolicy, Verdict } from '../../approval/index.ts';
import {
  type DiscoveredServer,
  type EntryPlace,
  type HashCache,
  type HostUser,
  type Inventory,
  redactArgs,
  takeInventory,
} from '../../inventory/index.ts';
import { asksFor, type GuardRequest, isMeant } from '../request.ts';

/** Directories above the working directory in which a project's config is looked for. */
const MAX_ANCESTORS = 32;

/** What one look found out about the server that the guard stands in front of. */
export type Standing =
  | {
      readonly kind: 'known';
      readonly discovered: DiscoveredServer;
      readonly verdict: Verdict;
      /** What every server of this host is held to. */
      readonly fleet: FleetPolicy;
      readonly watch: Inventory['watch'];
    }
  /** The entry that was named asks for another command or url. */
  | { readonly kind: 'mismatch'; readonly asked: string; readonly watch: Inventory['watch'] }
  /** No config asks for it. */
  | { readonly kind: 'unknown'; readonly watch: Inventory['watch'] };

export interface SightOptions {
  readonly request: GuardRequest;
  readonly user: HostUser;
  readonly assessor: Assessor;
  readonly cache: HashCache;
  /** Key of the digests of environment values; they go nowhere from here. */
  readonly salt: string;
  readonly platform: NodeJS.Platform;
  /** Absolute paths by which configs start this guard. */
  readonly guards: readonly string[];
  /** The state directory that such an entry may name. */
  readonly stateDir: string;
}

/** Looks at one server: which entry it is, what its closure is now, and what was decided about it. */
export class ServerSight {
  readonly #options: SightOptions;

  constructor(options: SightOptions) {
    this.#options = options;
  }

  /** Hashes what changed since the last look and judges by the decisions as they lie now. */
  async look(now: Date): Promise<Standing> {
    const near = await this.#find(ancestorsOf(this.#options.request.cwd));
    // A project may lie where its client does not stand.
    const standing = near.kind === 'known' ? near : await this.#find(undefined);
    if (standing.kind !== 'known') return standing;
    const { assessor } = this.#options;
    const { project } = standing.discovered.server;
    const docket = assessor.load(project === null ? [] : [project]);
    const verdict = assessor.judge(standing.discovered.server, docket, now);
    assessor.keepTime(now);
    const decisions = assessor.watched(docket);
    const watch = {
      files: [...standing.watch.files, ...decisions.files],
      trees: [...standing.watch.trees, ...decisions.trees],
    };
    return { ...standing, verdict, fleet: docket.fleet, watch };
  }

  async #find(projects: readonly string[] | undefined): Promise<Found> {
    const { request, user, cache, salt, platform, guards, stateDir } = this.#options;
    let asked: string | null = null;
    const wants = (place: EntryPlace) => {
      if (!isMeant(request, place)) return false;
      const fits = asksFor(place.entry, request);
      if (!fits) asked = askedBy(place);
      return fits;
    };
    const inventory = await takeInventory({
      users: [user],
      roots: [],
      platform,
      env: request.env,
      salt,
      cache,
      facts: 'closure',
      guards,
      guardStateDir: stateDir,
      wants,
      projects,
      ...(request.client === null ? {} : { clients: new Set([request.client]) }),
    });
    const { watch } = inventory;
    const discovered = nearest(inventory.servers, request.cwd);
    if (discovered !== null) return { kind: 'known', discovered, watch };
    return asked === null || request.name === null
      ? { kind: 'unknown', watch }
      : { kind: 'mismatch', asked, watch };
  }
}

type Found =
  | Omit<Extract<Standing, { kind: 'known' }>, 'verdict' | 'fleet'>
  | Exclude<Standing, { kind: 'known' }>;

/** What an entry asks for, in a line. */
function askedBy({ entry: { command, args, url } }: EntryPlace): string {
  if (command !== null || url === null) return [command ?? '', ...args].join(' ');
  return redactArgs([url], 'show').join('');
}

/** Of several entries that ask for the same, that of the project in which the client stands, innermost first. */
function nearest(servers: readonly DiscoveredServer[], cwd: string): DiscoveredServer | null {
  const places = ancestorsOf(cwd);
  const rank = ({ server }: DiscoveredServer) => {
    const place = server.project === null ? -1 : places.indexOf(server.project);
    return place === -1 ? MAX_ANCESTORS : place;
  };
  const [first] = [...servers].sort((a, b) => rank(a) - rank(b));
  return first ?? null;
}

function ancestorsOf(cwd: string): readonly string[] {
  const places: string[] = [];
  for (let place = cwd; places.length < MAX_ANCESTORS; place = dirname(place)) {
    places.push(place);
    if (place === dirname(place)) break;
  }
  return places;
}
