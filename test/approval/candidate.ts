import { createHash } from 'node:crypto';
import type { ApprovalRequest } from '../../approval/store.ts';
import type { Artefact, Server } from '../../wire/index.ts';

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function artefact(role: Artefact['role'], portable: string, content: string | null): Artefact {
  return {
    role,
    path: portable.replace('~', '/home/alice'),
    portable_path: portable,
    sha256: content === null ? null : digestOf(content),
    owner: 'alice',
    mode: '0644',
    writable_by: ['alice'],
    ...(content === null ? { reason: 'not found' } : {}),
  };
}

const CONFIG = artefact('config', '~/.claude.json', 'entry');
const SCRIPT = artefact('script', '~/srv/index.js', 'safe()');

/** A server with a config entry and a script; the closure digest follows from the artefacts. */
export function candidate(
  more: Partial<Omit<Server, 'closure'>> = {},
  artefacts: readonly Artefact[] = [CONFIG, SCRIPT],
): Omit<Server, 'state'> {
  const lines = artefacts.map(({ role, portable_path, sha256 }) => `${role} ${portable_path} ${sha256}`);
  return {
    id: '0123456789abcdef',
    client: 'claude-code',
    scope: 'user',
    config_path: '/home/alice/.claude.json',
    project: null,
    project_source: null,
    assumptions: [],
    name: 'files',
    transport: 'stdio',
    command: 'node',
    args: ['srv/index.js'],
    env_keys: [],
    env_file: null,
    cwd: null,
    url: null,
    disabled: null,
    auto_approve: null,
    user: 'alice',
    closure: { digest: digestOf(lines.sort().join('\n')), artefacts },
    findings: [],
    ...more,
  };
}

export const NOW = new Date('2026-08-01T10:00:00.000Z');

export function request(more: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return { owner: 'alice', approver: 'root', reason: 'test', expires: null, now: NOW, ...more };
}
