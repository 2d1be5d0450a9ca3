import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { HelloFrame, Server } from '../../wire/index.ts';
import type { Schema } from './schema.ts';

/** Servers in one insert, so that its parameters stay far under SQLite's limit of 32,766. */
const SERVERS_PER_INSERT = 500;

/** Notes that an agent is connected. Answers the highest seq committed for it. */
export async function registerAgent(
  db: Kysely<Schema>,
  agent: HelloFrame['agent'],
  now: string,
): Promise<number> {
  const seen = { host: agent.host, os: agent.os, version: agent.version, last_seen: now };
  const row = await db
    .insertInto('agents')
    .values({ id: agent.id, ...seen, first_seen: now, last_seq: 0, state: 'connected' })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...seen, state: 'connected' }))
    .returning('last_seq')
    .executeTakeFirstOrThrow();
  return row.last_seq;
}

/** After a crash no agent is connected, whatever the table says: none that was last seen before a time, or none at all. */
export async function disconnectAll(db: Kysely<Schema>, lastSeenBefore: string | null): Promise<void> {
  let update = db.updateTable('agents').set({ state: 'disconnected' }).where('state', '=', 'connected');
  if (lastSeenBefore !== null) update = update.where('last_seen', '<', lastSeenBefore);
  await update.execute();
}

/**
 * Replaces what is known of an agent's servers, in one transaction. Each agent tells its servers again whenever it connects:
 * what is as it was is not written.
 */
export async function replaceInventory(
  db: Kysely<Schema>,
  agent: string,
  servers: readonly Server[],
  now: string,
): Promise<void> {
  const unique = [...new Map(servers.map((server) => [server.id, server])).values()];
  const inventory = createHash('sha256').update(JSON.stringify(unique)).digest('hex');
  const known = await db.selectFrom('agents').select('inventory').where('id', '=', agent).executeTakeFirst();
  if (known?.inventory === inventory) return;
  await db.transaction().execute(async (transaction) => {
    await transaction.updateTable('agents').set({ inventory }).where('id', '=', agent).execute();
    const before = await transaction
      .deleteFrom('servers')
      .where('agent', '=', agent)
      .returning(['id', 'digest', 'first_seen'])
      .execute();
    const firstSeen = new Map(before.map((row) => [`${row.id} ${row.digest}`, row.first_seen]));
    for (let start = 0; start < unique.length; start += SERVERS_PER_INSERT) {
      const rows = unique.slice(start, start + SERVERS_PER_INSERT).map((server) => {
        const digest = server.closure?.digest ?? '';
        return {
          agent,
          id: server.id,
          body: JSON.stringify(server),
          updated: now,
          name: server.name,
          client: server.client,
          state: server.state,
          digest,
          first_seen: firstSeen.get(`${server.id} ${digest}`) || now,
        };
      });
      await transaction.insertInto('servers').values(rows).execute();
    }
  });
}

/** Facts that name central's own ids as an agent begin so. */
export const OWN_AGENT_FACT = 'central_agent:';

/** Ids of central itself as an agent, one for each of its nodes: none of them is a host of the fleet. */
export function ownAgents(db: Kysely<Schema>) {
  return db.selectFrom('facts').select('value').where('name', 'like', `${OWN_AGENT_FACT}%`);
}
