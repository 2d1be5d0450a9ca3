import type { Verdict } from '../../approval/index.ts';
import type { DiscoveredServer } from '../../inventory/index.ts';
import type { AlertServer, FieldValue, Server } from '../../wire/index.ts';
import type { Launch } from './launch-chain.ts';

/** A server of this host with its verdict. */
export interface KnownServer {
  readonly discovered: DiscoveredServer;
  readonly verdict: Verdict;
  readonly launch: Launch | null;
}

export function knownServer(discovered: DiscoveredServer, verdict: Verdict): KnownServer {
  const artefacts = new Set(discovered.server.closure.artefacts.map((artefact) => artefact.path));
  const launch = discovered.launch === null ? null : { spec: discovered.launch, artefacts };
  return { discovered, verdict, launch };
}

/** A server of the past, as far as what was kept of it tells. */
export function pastServer(server: Server, state: Server['state']): KnownServer {
  const verdict: Verdict = {
    state,
    code: null,
    reason: 'removed',
    ruling: 'report',
    statement: null,
    source: null,
    counts: false,
    changes: [],
  };
  const anchors = { home: [], project: [] };
  const discovered = { server, anchors, launch: null, env: {}, entry: '', guard: null, written: null };
  return knownServer(discovered, verdict);
}

export function fullServer(known: KnownServer): Server {
  return { ...known.discovered.server, state: known.verdict.state };
}

export function alertServer(known: KnownServer): AlertServer {
  const { id, client, name } = known.discovered.server;
  return { id, client, name, state: known.verdict.state };
}

/** A start is told once for each closure in each state, so that a developer is not told of every start. */
export function startKey({ discovered }: KnownServer, state: Server['state']): string {
  const { id, closure } = discovered.server;
  return `start:${id}:${state}:${closure.digest}`;
}

/** Fields that name the server in every event about it. */
export function serverFields(known: KnownServer): Readonly<Record<string, FieldValue>> {
  const { id, client, name, scope } = known.discovered.server;
  return {
    'mcp.server': name,
    'mcp.client': client,
    'mcp.server_id': id,
    'mcp.scope': scope,
    'mcp.state': known.verdict.state,
    'mcp.ruling': known.verdict.ruling,
  };
}
