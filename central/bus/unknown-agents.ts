import type { Kysely } from 'kysely';
import type { Batch } from '../store/batches.ts';
import type { Schema } from '../store/schema.ts';

/** Writes down agents that only their alerts tell of; their next hello says the rest. */
export async function registerUnknown(db: Kysely<Schema>, batches: readonly Batch[]): Promise<void> {
  const agents = new Map(
    batches.map(({ agent, alerts, received }) => [agent, { received, host: alerts[0]?.host ?? '' }]),
  );
  if (agents.size === 0) return;
  const rows = [...agents].map(([id, { received, host }]) => ({
    id,
    host,
    os: '',
    version: '',
    first_seen: received,
    last_seen: received,
    last_seq: 0,
    state: 'disconnected' as const,
  }));
  await db
    .insertInto('agents')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}
