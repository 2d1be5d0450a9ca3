import type { Artefact, Finding } from '../../wire/index.ts';
import { type LaunchSpec, readPackageSpec } from '../closure/launcher.ts';
import type { ServerEntry } from '../config/entry.ts';
import { secretsOf } from './redact.ts';

/** What the findings of one server are judged from. */
export interface Posture {
  readonly entry: ServerEntry;
  readonly launch: LaunchSpec | null;
  readonly artefacts: readonly Artefact[];
  readonly user: string;
  /** The config file is a symlink, or lies behind one. */
  readonly configLinked: boolean;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/;
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

/** Standing defects of a server; messages name places and classes, never values. */
export function findingsOf(posture: Posture): readonly Finding[] {
  const found: readonly Pick<Finding, 'id' | 'severity' | 'message'>[] = [
    ...unpinnedPackage(posture),
    ...hardcodedSecrets(posture),
    ...configWriters(posture),
    ...helperWriters(posture),
    ...autoApproval(posture),
    ...plainHttp(posture),
    ...linkedConfig(posture),
  ];
  return found.map((finding) => ({ ...finding, why: '', fix: '', tags: [] }));
}

function unpinnedPackage({ launch }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  if (launch === null || launch.package === null) return [];
  const spec = launch.package;
  const isPinned =
    launch.launcher === 'docker' ? /@sha256:[0-9a-f]{64}$/.test(spec) : readPackageSpec(spec).pinned;
  if (isPinned) return [];
  const message = `${launch.launcher} runs ${spec} without an exact version: what it fetches can change at any start`;
  return [{ id: 'mcp_unpinned_package', severity: 'medium', message }];
}

function hardcodedSecrets({ entry }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  const secrets = secretsOf(entry);
  if (secrets.length === 0) return [];
  const places = secrets.map((secret) => `${secret.where} (${secret.class})`).join(', ');
  const surely = secrets.some((secret) => secret.class !== 'high-entropy');
  const message = `the config holds what looks like a secret: ${places}`;
  return [{ id: 'mcp_hardcoded_secret', severity: surely ? 'high' : 'medium', message }];
}

function configWriters({ artefacts, user }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  const writers = artefacts
    .filter(({ role }) => role === 'config')
    .flatMap((artefact) => others(artefact, user));
  if (writers.length === 0) return [];
  const message = `the config, or a directory above it, can be written by ${[...new Set(writers)].join(', ')}`;
  return [{ id: 'mcp_config_writable_by_others', severity: 'high', message }];
}

function helperWriters({ artefacts, user }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  const open = artefacts.filter(
    (artefact) => DECIDING_ROLES.has(artefact.role) && others(artefact, user).length > 0,
  );
  const [first] = open;
  if (first === undefined) return [];
  const more = open.length > 1 ? ` and ${open.length - 1} more` : '';
  const writers = [...new Set(open.flatMap((artefact) => others(artefact, user)))].join(', ');
  const message = `${first.role} ${first.path}${more} can be written by ${writers}`;
  return [{ id: 'mcp_helper_writable', severity: 'high', message }];
}

function autoApproval({ entry }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  const approved = entry.autoApprove;
  if (approved === null || approved === false || (Array.isArray(approved) && approved.length === 0))
    return [];
  const isAll = approved === true || (Array.isArray(approved) && approved.includes('*'));
  const message = isAll
    ? 'every tool call is approved without asking'
    : `calls of ${Array.isArray(approved) ? approved.length : 0} tools are approved without asking`;
  return [{ id: 'mcp_auto_approve', severity: isAll ? 'high' : 'low', message }];
}

function plainHttp({ entry }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  if (entry.url === null || !/^(?:http|ws):\/\//i.test(entry.url)) return [];
  const host = URL.canParse(entry.url) ? new URL(entry.url).hostname : '';
  if (LOOPBACK.test(host)) return [];
  const message = `the connection to ${host || 'the server'} is not encrypted`;
  return [{ id: 'mcp_plain_http', severity: 'medium', message }];
}

function linkedConfig({ configLinked }: Posture): readonly Pick<Finding, 'id' | 'severity' | 'message'>[] {
  if (!configLinked) return [];
  const message = 'the config is a symbolic link: what it points to decides';
  return [{ id: 'mcp_config_symlink', severity: 'low', message }];
}

function others(artefact: Artefact, user: string): readonly string[] {
  return artefact.writable_by.filter((writer) => writer !== user);
}
