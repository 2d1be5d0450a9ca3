import { CONTROL_KINDS, type ControlKind, type Scope } from '../../wire/index.ts';
import { formatOfPath } from '../config/document.ts';
import type {
  ConfigLocation,
  Container,
  ControlFile,
  ControlKey,
  LocationBase,
  Place,
  Platform,
  ProjectRecord,
} from './client.ts';

/** What a location may have beside path and containers; the format follows the file's ending unless given. */
export type LocationDetails = Partial<
  Pick<ConfigLocation, 'format' | 'platforms' | 'ancestors' | 'controls' | 'embedded' | 'settings'>
>;

/** A plugin's manifest: its servers, or the path of a file that holds them. */
export const MANIFEST_SERVERS: readonly Container[] = [{ path: ['mcpServers'], mayBePath: true }];
export const NO_SERVERS: readonly Container[] = [];
/** `{"mcpServers": {…}}`, or the map itself as the whole document. */
export const WRAPPED_OR_FLAT: readonly Container[] = [{ path: ['mcpServers'] }, { path: [], kind: 'flat' }];

/** A directory of a client; `movedBy` maps a variable to the path below its value that takes its place. */
export function directory(
  base: LocationBase,
  path: string,
  movedBy: Readonly<Record<string, string>> = {},
  platforms?: readonly Platform[],
): Place {
  const moves = Object.entries(movedBy).map(([variable, below]) => ({ variable, path: below }));
  return {
    base,
    path,
    ...(moves.length === 0 ? {} : { movedBy: moves }),
    ...(platforms === undefined ? {} : { platforms }),
  };
}

export const HOME = directory('home', '');
export const CONFIG = directory('config', '');
export const APPDATA = directory('appdata', '');
const PROJECT = directory('project', '');

/** A directory below another. */
export function below(parent: Place, path: string): Place {
  const movedBy = parent.movedBy?.map((move) => ({ ...move, path: joined(move.path, path) }));
  return { ...parent, path: joined(parent.path, path), ...(movedBy === undefined ? {} : { movedBy }) };
}

/** Places for the whole host: below `/`, below ProgramData, below the system drive. */
export function systemPlaces(
  paths: {
    readonly linux?: string;
    readonly darwin?: string;
    readonly programdata?: string;
    readonly drive?: string;
  },
  movedBy: Readonly<Record<string, string>> = {},
): readonly Place[] {
  const at = (base: LocationBase, path: string | undefined, platform: Platform) =>
    path === undefined ? [] : [directory(base, path, movedBy, [platform])];
  return [
    ...at('system', paths.linux, 'linux'),
    ...at('system', paths.darwin, 'darwin'),
    ...at('programdata', paths.programdata, 'win32'),
    ...at('system', paths.drive, 'win32'),
  ];
}

/** The files of a macOS preferences domain that device management sets, for the host and per user. */
export function managedPreferences(domain: string): readonly Place[] {
  return [`${domain}.plist`, `*/${domain}.plist`].map((name) =>
    directory('system', `Library/Managed Preferences/${name}`, {}, ['darwin']),
  );
}

export function userFile(
  parent: Place,
  path: string,
  containers: readonly Container[],
  details: LocationDetails = {},
): ConfigLocation {
  return configFile('user', parent, path, containers, details);
}

export function projectFile(
  path: string,
  containers: readonly Container[],
  details: LocationDetails = {},
): ConfigLocation {
  return configFile('project', PROJECT, path, containers, details);
}

/** The same file in each of several directories that an administrator writes. */
export function managedFiles(
  parents: readonly Place[],
  path: string,
  containers: readonly Container[],
  details: LocationDetails = {},
): readonly ConfigLocation[] {
  return parents.map((parent) => configFile('managed', parent, path, containers, details));
}

export function userControl(kind: ControlKind, parent: Place, path: string): ControlFile {
  return { kind, scope: 'user', ...below(parent, path) };
}

export function projectControl(kind: ControlKind, path: string): ControlFile {
  return { kind, scope: 'project', ...below(PROJECT, path) };
}

export function managedControls(
  kind: ControlKind,
  parents: readonly Place[],
  path: string,
): readonly ControlFile[] {
  return parents.map((parent) => ({ kind, scope: 'managed' as const, ...below(parent, path) }));
}

/** Skills are a directory each, with instructions that may name commands. */
export function userSkills(parent: Place): ControlFile {
  return userControl('skill', parent, 'skills/*/SKILL.md');
}

export function projectSkills(parent: string): ControlFile {
  return projectControl('skill', `${parent}/skills/*/SKILL.md`);
}

/** Server maps at key paths, spelled with `/` since keys hold dots: `mcp/servers`, `mcp.servers`. */
export function serversAt(...keyPaths: readonly string[]): readonly Container[] {
  return keyPaths.map((keyPath) => ({ path: keysOf(keyPath) }));
}

/** Settings by kind, as key paths spelled like those of `serversAt`; the empty one is the whole document. */
export function controls(
  settings: Readonly<Partial<Record<ControlKind, readonly string[]>>>,
): readonly ControlKey[] {
  return CONTROL_KINDS.flatMap((kind) =>
    (settings[kind] ?? []).map((keyPath) => ({ kind, path: keysOf(keyPath) })),
  );
}

export function projectRecord(
  parent: Place,
  path: string,
  keyPath: string,
  names: ProjectRecord['names'],
): ProjectRecord {
  return { ...below(parent, path), format: formatOfPath(path), key: keysOf(keyPath), names };
}

function configFile(
  scope: Scope,
  parent: Place,
  path: string,
  containers: readonly Container[],
  details: LocationDetails,
): ConfigLocation {
  const place = below(parent, path);
  return { scope, ...place, format: formatOfPath(place.path), containers, ...details };
}

function joined(parent: string, path: string): string {
  return [parent, path].filter((part) => part !== '').join('/');
}

function keysOf(keyPath: string): readonly string[] {
  return keyPath === '' ? [] : keyPath.split('/');
}

export const MCP_MAP = serversAt('mcp');
export const MCP_SERVERS_TABLE = serversAt('mcp_servers');
export const SERVERS_OR_MCP_SERVERS = serversAt('servers', 'mcpServers');
