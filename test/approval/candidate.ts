import { createHash } from 'node:crypto';
import { openSigner } from '../../approval/keys/key-choice.ts';
import { loadTrust } from '../../approval/keys/trust-roots.ts';
import type { Candidate } from '../../approval/statement/statement.ts';
import type { StoredApproval } from '../../approval/store/approval-files.ts';
import { type ApprovalRequest, ApprovalStore } from '../../approval/store/store.ts';
import { type Grounds, judge, type Verdict } from '../../approval/verdict/judge.ts';
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
  const lines = artefacts.map(
    ({ role, portable_path, sha256, reason }) => `${role}\0${portable_path}\0${sha256 ?? reason}\n`,
  );
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
    guarded: false,
    user: 'alice',
    closure: { digest: digestOf(lines.sort().join('')), artefacts },
    findings: [],
    ...more,
  };
}

export const NOW = new Date('2026-08-01T10:00:00.000Z');

/** Approvals of one state directory, decided and judged as the CLI and the agent do. */
export class Decisions {
  readonly store: ApprovalStore;
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.store = new ApprovalStore(stateDir);
  }

  get trust() {
    return loadTrust({ stateDir: this.#stateDir, systemDirectory: null, profile: 'production' });
  }

  load(projects: readonly string[] = []): readonly StoredApproval[] {
    return this.store.load(projects, this.trust);
  }

  async request(more: Partial<ApprovalRequest> = {}): Promise<ApprovalRequest> {
    const source = { stateDir: this.#stateDir, systemDirectory: null, agentSocket: undefined };
    return {
      owner: 'alice',
      approver: 'root',
      reason: 'test',
      expires: null,
      now: NOW,
      contexts: { profiles: null, host_groups: null, users: null },
      accepted: [],
      policy: null,
      project: null,
      signer: more.signer ?? (await openSigner(undefined, source)),
      known: this.load(),
      ...more,
    };
  }

  async approve(server: Candidate = candidate(), more: Partial<ApprovalRequest> = {}) {
    return this.store.approve(server, await this.request(more));
  }

  async revoke(server: Candidate = candidate(), more: Partial<ApprovalRequest> = {}) {
    return this.store.revoke(server, await this.request(more));
  }

  judge(
    server: Candidate = candidate(),
    more: Partial<Grounds> = {},
    projects: readonly string[] = [],
  ): Verdict {
    return judge(server, this.load(projects), { ...GROUNDS, ...more });
  }
}

export const GROUNDS: Grounds = {
  situation: { now: NOW, latestSeen: null, profile: 'developer', group: null },
  threshold: 1,
  highestSerial: 0,
};

/** The same grounds at another time, or in another place. */
export function grounds(situation: Partial<Grounds['situation']>): Grounds {
  return { ...GROUNDS, situation: { ...GROUNDS.situation, ...situation } };
}
