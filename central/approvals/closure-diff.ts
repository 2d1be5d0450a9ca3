import type { Kysely } from 'kysely';
import {
  type ArtefactChange,
  changesBetween,
  changesSince,
  identityOf,
  type Statement,
  sameEntry,
} from '../../approval/index.ts';
import { alertSchema } from '../../wire/index.ts';
import type { Schema } from '../store/schema.ts';
import type { ApprovalQueue, AskDetail } from './queue.ts';

/** Servers of hosts, and alerts of each, that are searched for texts of changes. */
const MAX_SEARCHED_SERVERS = 5;
const MAX_SEARCHED_ALERTS = 50;
const MAX_TEXTS = 20;

/** What differs between what was approved and what hosts ask for. */
export interface ClosureDiff {
  /** What it is compared with: the fleet's approval, a host that runs it approved, or nothing. */
  readonly against: 'approval' | 'host' | 'nothing';
  readonly changes: readonly ArtefactChange[];
  /** Unified diffs of changed texts, as hosts told them with secrets redacted. */
  readonly texts: readonly { readonly path: string; readonly diff: string }[];
}

/** Compares an ask with the newest approval of the fleet for the same entry, else with a host that runs it approved. */
export async function closureDiff(
  db: Kysely<Schema>,
  queue: ApprovalQueue,
  ask: AskDetail,
  approved: readonly Statement[],
): Promise<ClosureDiff> {
  const server = ask.asking[0]?.server;
  if (server === undefined) return { against: 'nothing', changes: [], texts: [] };
  const texts = await textsOf(db, ask);
  const identity = identityOf(server);
  const [statement] = approved
    .filter(({ predicate }) => sameEntry(predicate.server, identity))
    .sort((a, b) => b.predicate.serial - a.predicate.serial);
  if (statement !== undefined)
    return { against: 'approval', changes: changesSince(statement, server), texts };
  const other = await queue.approvedServer(ask);
  if (other !== null)
    return {
      against: 'host',
      changes: changesBetween(other.closure.artefacts, server.closure.artefacts),
      texts,
    };
  return { against: 'nothing', changes: changesBetween([], server.closure.artefacts), texts };
}

async function textsOf(db: Kysely<Schema>, { asking }: AskDetail): Promise<ClosureDiff['texts']> {
  const texts = new Map<string, string>();
  for (const { agent, server } of asking.slice(0, MAX_SEARCHED_SERVERS)) {
    const digests = new Set(server.closure.artefacts.map(({ sha256 }) => sha256));
    const rows = await db
      .selectFrom('alerts')
      .select('body')
      .where('agent', '=', agent)
      .where('server_id', '=', server.id)
      .orderBy('position', 'desc')
      .limit(MAX_SEARCHED_ALERTS)
      .execute();
    for (const { body } of rows) {
      const { change } = alertSchema.parse(JSON.parse(body));
      if (change?.diff == null || !digests.has(change.after) || texts.size >= MAX_TEXTS) continue;
      const { path } = change.artefact;
      if (!texts.has(path)) texts.set(path, change.diff);
    }
  }
  return [...texts].map(([path, diff]) => ({ path, diff }));
}
