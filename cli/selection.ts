import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  fullServer,
  HostView,
  type HostViewOptions,
  KeptWriters,
  type KnownServer,
  openDatabase,
  readPlaces,
  SealedCopies,
} from '../agent/index.ts';
import { type HostUser, homeAsUser, listHostUsers } from '../inventory/index.ts';
import type { Profile, Server } from '../wire/index.ts';
import { CliError } from './errors.ts';
import { guardPath, SYSTEM_TRUST } from './installation.ts';

/** What to look at, as given on the command line. */
export interface Selection {
  readonly home?: readonly string[];
  readonly root?: readonly string[];
  readonly stateDir: string;
  /** How strictly findings are judged; `developer` unless told. */
  readonly profile?: Profile;
}

/** What else a view may be told. */
type ViewChoice = Pick<HostViewOptions, 'stores' | 'trust' | 'facts'>;

/** Users whose clients are looked at: those of the named homes, else all that the caller may see. */
export function usersOf(homes: readonly string[] | undefined): readonly HostUser[] {
  if (homes === undefined || homes.length === 0) return listHostUsers();
  return homes.map((home) => {
    const path = resolve(home);
    if (!existsSync(path)) throw new CliError('CLI_FILE_UNREADABLE', `${path} does not exist`);
    return homeAsUser(path);
  });
}

/** A view of what was selected; where nothing was named, of what the agent of this state directory looks at. */
export function viewOf(selection: Selection, choice: ViewChoice = {}, rootsOnly = false): HostView {
  const { home, root, stateDir } = selection;
  const places = home === undefined && root === undefined ? readPlaces(stateDir) : null;
  return new HostView({
    users: rootsOnly ? [] : usersOf(places?.homes ?? home),
    roots: (places?.roots ?? root ?? []).map((path) => resolve(path)),
    stateDir,
    salt: randomBytes(32).toString('hex'),
    platform: process.platform,
    env: places === null ? process.env : { ...process.env, PATH: places.path },
    stance: { profile: selection.profile ?? places?.profile ?? 'developer' },
    group: places?.group,
    systemTrust: SYSTEM_TRUST,
    guards: [guardPath()],
    copies: new SealedCopies(() => openDatabase(stateDir)),
    writers: new KeptWriters(() => openDatabase(stateDir)),
    ...choice,
  });
}

function isNamed(server: Server, name: string): boolean {
  return server.id === name || `${server.client}/${server.name}` === name;
}

/** The one server that `name` (an id or `client/name`) means. @throws {CliError} where it is none or several */
export function pick(servers: readonly KnownServer[], name: string): KnownServer {
  const found = servers.filter((known) => isNamed(fullServer(known), name));
  const [only] = found;
  if (only === undefined) {
    const some = servers.slice(0, 5).map(({ discovered: { server } }) => `${server.client}/${server.name}`);
    throw new CliError('CLI_SERVER_UNKNOWN', `no server is called ${name}`, {
      hint:
        some.length === 0
          ? 'no server was found at all; see --home and --root'
          : `there is: ${some.join(', ')}`,
    });
  }
  if (found.length > 1) {
    const ids = found.map(({ discovered: { server } }) => `${server.id} (${server.config_path})`).join(', ');
    throw new CliError('CLI_SERVER_AMBIGUOUS', `${name} means several servers`, {
      hint: `name one by id: ${ids}`,
    });
  }
  return only;
}
