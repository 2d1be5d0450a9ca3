import { type KnownServer, knownServer } from '../../agent/enrich/known-server.ts';
import type { TrackerOptions } from '../../agent/enrich/process-tracker.ts';
import type { Draft } from '../../agent/state/spool.ts';
import type { Verdict } from '../../approval/index.ts';
import { APPROVAL_PREDICATE, composeStatement } from '../../approval/statement/statement.ts';
import type { EnvFact, GuardStart, LaunchSpec } from '../../inventory/index.ts';
import type { Artefact, Server, ServerState, Severity } from '../../wire/index.ts';
import { candidate, NOW } from '../approval/candidate.ts';

/** No process is in a container. */
export const NO_CONTAINERS: TrackerOptions['containers'] = {
  place: (_, membership) => ({ membership, entered: false }),
  ran: () => {},
};

export function draft(level: Severity = 'high'): Draft {
  return {
    time: NOW.toISOString(),
    host: 'h',
    user: 'alice',
    rule: { id: 'r', name: 'n', title: 't', level, tags: [], author: null, license: null },
    server: null,
    event: {},
    actor: null,
    ancestry: [],
    change: null,
    count: 1,
  };
}

export function launchSpec(more: Partial<LaunchSpec> = {}): LaunchSpec {
  return {
    command: 'node',
    args: ['/srv/index.js'],
    resolved: '/usr/bin/node',
    launcher: 'interpreter',
    server_args: [],
    package: null,
    script: '/srv/index.js',
    cwd: '/srv',
    uid: 1000,
    ...more,
  };
}

export interface Known {
  readonly server?: Partial<Server>;
  readonly artefacts?: readonly Artefact[];
  readonly env?: Readonly<Record<string, string>>;
  readonly state?: ServerState;
  readonly approved?: boolean;
  readonly launch?: LaunchSpec | null;
  readonly guard?: GuardStart | null;
}

/** A server with a verdict, as an inventory and a judgement would give it. */
export function known(more: Known = {}): KnownServer {
  const server = { ...candidate(more.server, more.artefacts), ...more.server };
  const approved = more.approved === true;
  const decision = {
    owner: 'a',
    approver: 'a',
    reason: '',
    issued: NOW.toISOString(),
    expires: null,
    serial: 1,
    contexts: { profiles: null, host_groups: null, users: null },
    accepted: [],
    policy: null,
    anywhere: false,
  };
  const verdict: Verdict = {
    state: more.state ?? (approved ? 'approved' : 'pending'),
    code: null,
    reason: 'test',
    ruling: 'report',
    source: null,
    counts: approved,
    statement: approved ? composeStatement(APPROVAL_PREDICATE, server, decision) : null,
    changes: [],
  };
  const env: Record<string, EnvFact> = {};
  for (const [name, digest] of Object.entries(more.env ?? {})) env[name] = { digest, class: null };
  const anchors = { home: ['/home/alice'], project: [] };
  const launch = more.launch ?? null;
  const guard = more.guard ?? null;
  return knownServer({ server, anchors, launch, env, entry: '{}', guard, written: null }, verdict);
}
