import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Platform } from '../clients/client.ts';
import { type Executables, findExecutable } from '../closure/launch/find-executable.ts';
import { readBounded } from '../config/read.ts';
import type { HostUser } from '../users.ts';

/** The PATH that a client is taken to have, and where that is known from. */
export interface SearchPath {
  readonly path: string;
  /** Directories that a login shell often adds, looked in last; none where PATH is known. */
  readonly usual: readonly string[];
  /** For people, e.g. `/etc/environment`; null where it was read from the running client. */
  readonly assumedFrom: string | null;
  /** For people: where it was read, if it was. */
  readonly readFrom: string | null;
}

/** Where a client that was given no PATH looks (paths.h, _PATH_DEFPATH, and /usr/local). */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** What launchd gives to programs that are not started from a shell. */
const LAUNCHD_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
const MAX_SETTING_BYTES = 64 * 1024;

/** The PATH of a user of whom no environment is known: what the system gives at login. */
export function systemSearchPath(user: HostUser, platform: Platform, systemRoot: string): SearchPath {
  const usual = usualDirectories(user.home, platform, systemRoot);
  const known = platform === 'linux' ? (environmentFile(systemRoot) ?? loginDefinitions(systemRoot)) : null;
  if (known !== null) return { ...known, usual, readFrom: null };
  const path = platform === 'darwin' ? LAUNCHD_PATH : DEFAULT_PATH;
  return { path, usual, assumedFrom: "the system's default", readFrom: null };
}

/** The PATH of the user who scans: its clients are taken to have the same. */
export function ownSearchPath(
  path: string,
  user: HostUser,
  platform: Platform,
  systemRoot: string,
): SearchPath {
  const usual = usualDirectories(user.home, platform, systemRoot);
  return { path, usual, assumedFrom: 'the environment of this scan', readFrom: null };
}

/** The PATH of a client that runs. */
export function runningSearchPath(path: string, name: string): SearchPath {
  return { path, usual: [], assumedFrom: null, readFrom: `the running ${name}` };
}

/** All of it as one PATH, the usual directories last. */
export function wholePath({ path, usual }: SearchPath): string {
  return [path, ...usual].join(delimiter);
}

/** What was assumed to find a command; null where PATH did not matter. */
export function pathAssumption(
  command: string,
  cwd: string,
  search: SearchPath,
  userName: string,
  executables: Executables,
): string | null {
  if (/[\\/]/.test(command)) return null;
  if (search.assumedFrom === null) return `PATH of ${userName} was read from ${search.readFrom}`;
  const assumed = `PATH of ${userName} is assumed from ${search.assumedFrom}`;
  if (findExecutable(command, search.path, cwd, 'linux', executables) !== null) return assumed;
  const directory = search.usual.find(
    (usual) => findExecutable(command, usual, cwd, 'linux', executables) !== null,
  );
  if (directory === undefined) return `${assumed}; ${command} is not on it`;
  return `${assumed}; ${command} is not on it and was found in ${directory}`;
}

/** Where installers of commands put them and shells' start files look. */
function usualDirectories(home: string, platform: Platform, systemRoot: string): readonly string[] {
  const below = (...paths: readonly string[]) => paths.map((path) => join(home, path));
  const node = currentNode(home);
  const personal = [
    ...below('.local/bin', 'bin'),
    ...(node === null ? [] : [node]),
    ...below('.volta/bin', '.bun/bin', '.deno/bin', '.cargo/bin', '.local/share/pnpm'),
  ];
  if (platform !== 'darwin') return personal;
  return [...personal, ...['opt/homebrew/bin', 'usr/local/bin'].map((path) => join(systemRoot, path))];
}

/** The `bin` of nvm's default version, or of its newest. */
function currentNode(home: string): string | null {
  const versions = join(home, '.nvm', 'versions', 'node');
  const installed = directoriesOf(versions).filter((name) => /^v\d+\.\d+\.\d+$/.test(name));
  const wanted =
    settingText(join(home, '.nvm', 'alias', 'default'))
      ?.trim()
      .replace(/^v?/, 'v') ?? '';
  const matching = installed.filter((name) => name === wanted || name.startsWith(`${wanted}.`));
  const [newest] = (matching.length > 0 ? matching : installed).sort(newestFirst);
  return newest === undefined ? null : join(versions, newest, 'bin');
}

function newestFirst(a: string, b: string): number {
  const [left = [], right = []] = [a, b].map((version) => version.slice(1).split('.').map(Number));
  for (const [index, part] of left.entries()) {
    const difference = (right[index] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `PATH=` of /etc/environment (pam_env(8)). */
function environmentFile(systemRoot: string) {
  const text = settingText(join(systemRoot, 'etc/environment'));
  const path = /^\s*(?:export\s+)?PATH=\s*(["']?)([^"'\n]+)\1\s*$/m.exec(text ?? '')?.[2];
  return path === undefined ? null : { path, assumedFrom: '/etc/environment' };
}

/** `ENV_PATH` of /etc/login.defs (login.defs(5)). */
function loginDefinitions(systemRoot: string) {
  const text = settingText(join(systemRoot, 'etc/login.defs'));
  const path = /^\s*ENV_PATH\s+(?:PATH=)?(\S+)/m.exec(text ?? '')?.[1];
  return path === undefined ? null : { path, assumedFrom: '/etc/login.defs' };
}

function settingText(path: string): string | null {
  const read = readBounded(path, MAX_SETTING_BYTES);
  return read.kind === 'read' ? read.bytes.toString('utf8') : null;
}

function directoriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
