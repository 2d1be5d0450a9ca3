import type { Kysely } from 'kysely';
import * as z from 'zod';
import { lossesOf, sumOfLosses } from '../ingest/losses.ts';
import type { AgentState, Schema } from '../store/schema.ts';

/** Agents in one query, so that its parameters stay under every database's limit. */
const AGENTS_PER_QUERY = 500;

/** What is known of an agent, as it last said. */
export interface LastState {
  readonly id: string;
  readonly host: string;
  readonly group: string;
  readonly version: string;
  readonly state: AgentState;
  /** RFC 3339. */
  readonly lastSeen: string;
  readonly isRevoked: boolean;
  readonly waiting: number;
  /** `collector: state`, of those that are not `ok` with their detail. */
  readonly collectors: readonly string[];
  readonly lost: Readonly<Record<string, number>>;
}

const healthSchema = z.array(z.object({ collector: z.string(), state: z.string(), detail: z.string() }));

function collectorsOf(text: string): readonly string[] {
  try {
    return healthSchema
      .parse(JSON.parse(text))
      .map(({ collector, state, detail }) =>
        state === 'ok' ? `${collector}: ok` : `${collector}: ${state}, ${detail}`,
      );
  } catch {
    return [];
  }
}

/** What the database holds of these agents; those that it does not know are missing. */
export async function lastStates(
  db: Kysely<Schema>,
  agents: readonly string[],
): Promise<ReadonlyMap<string, LastState>> {
  const states = new Map<string, LastState>();
  for (let start = 0; start < agents.length; start += AGENTS_PER_QUERY) {
    const rows = await db
      .selectFrom('agents')
      .select(['id', 'host', 'grp', 'version', 'state', 'last_seen', 'revoked', 'waiting', 'health'])
      .select(['lost', 'lost_before'])
      .where('id', 'in', agents.slice(start, start + AGENTS_PER_QUERY))
      .execute();
    for (const row of rows) {
      const { id, host, version, state } = row;
      states.set(id, {
        id,
        host,
        group: row.grp,
        version,
        state,
        lastSeen: row.last_seen,
        isRevoked: row.revoked !== null,
        waiting: Number(row.waiting),
        collectors: collectorsOf(row.health),
        lost: sumOfLosses(lossesOf(row.lost), lossesOf(row.lost_before)),
      });
    }
  }
  return states;
}

/** Marks agents as silent that nobody has heard since; answers which, so that of several nodes one tells. */
export async function claimSilent(
  db: Kysely<Schema>,
  agents: readonly string[],
): Promise<ReadonlySet<string>> {
  const claimed = new Set<string>();
  for (let start = 0; start < agents.length; start += AGENTS_PER_QUERY) {
    const rows = await db
      .updateTable('agents')
      .set({ state: 'silent' })
      .where('id', 'in', agents.slice(start, start + AGENTS_PER_QUERY))
      .where('state', 'in', ['connected', 'disconnected'])
      .returning('id')
      .execute();
    for (const { id } of rows) claimed.add(id);
  }
  return claimed;
}
