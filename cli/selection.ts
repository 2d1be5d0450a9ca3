import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fullServer, HostView, type KnownServer, Meta, readDatabase } from '../agent/index.ts';
import { type HostUser, homeAsUser, listHostUsers } from '../inventory/index.ts';
import type { Server } from '../wire/index.ts';
import { CliError } from './errors.ts';

/** What to look at, as given on the command line. */
export interface Selection {
  readonly home?: readonly string[];
  readonly root?: readonly string[];
  readonly stateDir: string;
}

const PLACES = 'places';
const placesSchema = z.object({ homes: z.array(z.string()), roots: z.array(z.string()) });

/** Users whose clients are looked at: those of the named homes, else all that the caller may see. */
export function usersOf(homes: readonly string[] | undefined): readonly HostUser[] {
  if (homes === undefined || homes.length === 0) return listHostUsers();
  return homes.map((home) => {
    const path = resolve(home);
    if (!existsSync(path)) throw new CliError('CLI_FILE_UNREADABLE', `${path} does not exist`);
    return homeAsUser(path);
  });
}

/** Keeps where an agent looks, so that `approve SERVER` with the same state directory looks there too. */
export function rememberPlaces(meta: Meta, selection: Selection): void {
  meta.set(PLACES, JSON.stringify({ homes: selection.home ?? [], roots: selection.root ?? [] }));
}

function rememberedPlaces(stateDir: string): {
  readonly homes: readonly string[];
  readonly roots: readonly string[];
} {
  const none = { homes: [], roots: [] };
  if (!existsSync(join(stateDir, 'agent.db'))) return none;
  const database = readDatabase(stateDir);
  try {
    const text = new Meta(database).get(PLACES);
    return text === null ? none : placesSchema.parse(JSON.parse(text));
  } catch {
    return none;
  } finally {
    database.close();
  }
}

/** A view of what was selected; where nothing was named, of what the agent of this state directory looks at. */
export function viewOf(selection: Selection): HostView {
  const named = selection.home !== undefined || selection.root !== undefined;
  const places = named
    ? { homes: selection.home ?? [], roots: selection.root ?? [] }
    : rememberedPlaces(selection.stateDir);
  return new HostView({
    users: usersOf(places.homes),
    roots: places.roots.map((root) => resolve(root)),
    stateDir: selection.stateDir,
    salt: randomBytes(32).toString('hex'),
    platform: process.platform,
    env: process.env,
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
