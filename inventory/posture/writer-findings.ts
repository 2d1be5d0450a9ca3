import { delimiter, isAbsolute, join } from 'node:path';
import type { Finding } from '../../wire/index.ts';
import { ROOT_ID } from '../closure/files/writers.ts';
import { finding, listed, type Posture } from './posture.ts';

const DECIDING_ROLES: ReadonlySet<string> = new Set([
  'executable',
  'interpreter',
  'script',
  'helper',
  'package',
  'env-file',
  'lockfile',
  'hook',
]);

/** The config, or a directory above it, can be written by others than its user. */
export function configWriters({ artefacts, user }: Posture): readonly Finding[] {
  const writers = artefacts
    .filter(({ role }) => role === 'config')
    .flatMap((artefact) => others(artefact.writable_by, user));
  if (writers.length === 0) return [];
  const message = `the config, or a directory above it, can be written by ${listed(writers)}`;
  return [finding('mcp_config_writable_by_others', message)];
}

/** What the server runs can be written by others; in production also by the server's own user. */
export function helperWriters({ artefacts, user, profile }: Posture): readonly Finding[] {
  const trusted = profile === 'production' ? null : user;
  const open = artefacts.filter(
    ({ role, writable_by }) => DECIDING_ROLES.has(role) && others(writable_by, trusted).length > 0,
  );
  const [first] = open;
  if (first === undefined) return [];
  const more = open.length > 1 ? ` and ${open.length - 1} more` : '';
  const writers = listed(open.flatMap((artefact) => others(artefact.writable_by, trusted)));
  const message = `${first.role} ${first.path}${more} can be written by ${writers}`;
  return [finding('mcp_helper_writable', message)];
}

/** The server's user can write its own config or program: always so on a laptop, a defect in production. */
export function selfAuthority(posture: Posture): readonly Finding[] {
  const { artefacts, user, uid, profile, launch } = posture;
  if (launch === null) return [];
  const severity = profile === 'production' ? 'high' : 'informational';
  if (uid === ROOT_ID && user !== '*') {
    const message = 'the server runs as root, which can write its config, its program and its approvals';
    return [finding('mcp_self_authority', message, severity)];
  }
  const own = artefacts.filter(
    ({ role, writable_by }) =>
      (role === 'config' || DECIDING_ROLES.has(role)) &&
      (writable_by.includes(user) || writable_by.includes('everyone')),
  );
  const [first] = own;
  if (first === undefined) return [];
  const more = own.length > 1 ? ` and ${own.length - 1} more` : '';
  const message = `the server runs as ${user}, which can write its ${first.role} ${first.path}${more}`;
  return [finding('mcp_self_authority', message, severity)];
}

/** The config is reached through a symbolic link. */
export function linkedConfig({ configLinked }: Posture): readonly Finding[] {
  if (!configLinked) return [];
  return [finding('mcp_config_symlink', 'the config is a symbolic link: what it points to decides')];
}

/** A launcher named without its place, in or behind a PATH directory that others can write. */
export function writablePath(posture: Posture): readonly Finding[] {
  const { entry, launch, searchPath, writersOf, isExecutable, user, profile } = posture;
  if (entry.command === null || launch === null || /[/\\]/.test(entry.command)) return [];
  const trusted = profile === 'production' ? null : user;
  const found: Finding[] = [];
  for (const directory of new Set(searchPath.split(delimiter))) {
    if (!isAbsolute(directory)) {
      const message = `PATH names the relative directory ${JSON.stringify(directory)}: the working directory decides what ${entry.command} is`;
      found.push(finding('mcp_path_writable', message));
      continue;
    }
    const isHere = isExecutable(join(directory, entry.command));
    const writers = others(writersOf(directory), trusted);
    if (writers.length > 0) {
      const where = isHere ? `${entry.command} is found in ${directory}` : `${directory} comes first in PATH`;
      found.push(finding('mcp_path_writable', `${where}, which ${listed(writers)} can write`));
    }
    if (isHere) break;
  }
  return found.slice(0, 1);
}

function others(writers: readonly string[], user: string | null): readonly string[] {
  return writers.filter((writer) => writer !== user);
}
