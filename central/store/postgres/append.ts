import { type Kysely, sql, type Transaction } from 'kysely';
import {
  AGENT_UNKNOWN,
  ALERT_COLUMNS,
  ID_TAKEN,
  type PackedBatch,
  type RefusedBatch,
  type SettledBatch,
} from '../batches.ts';
import type { CounterName, Schema } from '../schema.ts';
import { lockTransaction } from './advisory-locks.ts';

type Refusals = ReadonlyMap<number, RefusedBatch>;

/** Thrown to undo a transaction in which a batch cannot be stored. */
class Refused extends Error {
  readonly index: number;
  readonly refusal: RefusedBatch;

  constructor(index: number, refusal: RefusedBatch) {
    super(refusal.message);
    this.index = index;
    this.refusal = refusal;
  }
}

const COLUMNS = sql.raw(ALERT_COLUMNS.map((name) => `"${name}"`).join(', '));
const TYPED_COLUMNS = sql.raw(
  ALERT_COLUMNS.map((name) => `"${name}" ${name === 'seq' ? 'bigint' : 'text'}`).join(', '),
);

const keyOf = (agent: string, seq: number) => `${agent} ${seq}`;

/** Inserts all rows at once. Answers the keys of those that were not there before. */
async function insertRows(db: Kysely<Schema>, batches: readonly PackedBatch[]): Promise<Set<string>> {
  const rows = batches.flatMap((batch) =>
    batch.rows.map(({ cells }) => Object.fromEntries(ALERT_COLUMNS.map((name, at) => [name, cells[at]]))),
  );
  const { rows: inserted } = await sql<{ agent: string; seq: number }>`
    INSERT INTO alerts (${COLUMNS})
    SELECT ${COLUMNS} FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r (${TYPED_COLUMNS})
    ON CONFLICT DO NOTHING RETURNING agent, seq`.execute(db);
  return new Set(inserted.map(({ agent, seq }) => keyOf(agent, seq)));
}

/** Ids under which rows are stored, by key. */
async function storedIds(
  db: Kysely<Schema>,
  keys: readonly { readonly agent: string; readonly seq: number }[],
): Promise<ReadonlyMap<string, string>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{ agent: string; seq: number; id: string }>`
    SELECT alerts.agent, alerts.seq, alerts.id FROM alerts
    JOIN json_to_recordset(${JSON.stringify(keys)}::json) AS r (agent text, seq bigint)
    ON alerts.agent = r.agent AND alerts.seq = r.seq`.execute(db);
  return new Map(rows.map(({ agent, seq, id }) => [keyOf(agent, seq), id]));
}

/** Raises the seq that each agent has committed. Answers it by agent; agents that are unknown are missing. */
async function raiseAgents(
  db: Kysely<Schema>,
  batches: readonly PackedBatch[],
): Promise<ReadonlyMap<string, number>> {
  const highest = new Map<string, { id: string; seq: number; seen: string }>();
  for (const { agent, highest: seq, received } of batches) {
    const known = highest.get(agent);
    highest.set(agent, { id: agent, seq: Math.max(seq, known?.seq ?? 0), seen: received });
  }
  const { rows } = await sql<{ id: string; last_seq: number }>`
    UPDATE agents SET last_seq = greatest(agents.last_seq, r.seq), last_seen = r.seen
    FROM json_to_recordset(${JSON.stringify([...highest.values()])}::json) AS r (id text, seq bigint, seen text)
    WHERE agents.id = r.id RETURNING agents.id, agents.last_seq`.execute(db);
  return new Map(rows.map(({ id, last_seq }) => [id, last_seq]));
}

/** Which rows of each batch were there already, in the order of the group: of two equal rows the first is new. */
function repeatedRows(
  batches: readonly PackedBatch[],
  inserted: Set<string>,
): readonly (readonly number[])[] {
  const left = new Set(inserted);
  return batches.map(({ agent, rows }) =>
    rows.flatMap(({ seq }, index) => (left.delete(keyOf(agent, seq)) ? [] : [index])),
  );
}

async function count(db: Kysely<Schema>, name: CounterName, by: number): Promise<void> {
  await db
    .updateTable('counters')
    .set({ value: sql`value + ${by}` })
    .where('name', '=', name)
    .execute();
}

async function appendAll(
  transaction: Transaction<Schema>,
  batches: readonly PackedBatch[],
): Promise<readonly SettledBatch[]> {
  // Positions must become visible in their order, also with several nodes: no reader may pass one that is not there yet.
  await lockTransaction(transaction, 'append');
  const acked = await raiseAgents(transaction, batches);
  const unknown = batches.findIndex(({ agent }) => !acked.has(agent));
  if (unknown >= 0) throw new Refused(unknown, AGENT_UNKNOWN);
  const inserted = await insertRows(transaction, batches);
  const repeated = repeatedRows(batches, inserted);
  const keys = batches.flatMap(({ agent, rows }, index) =>
    (repeated[index] ?? []).map((place) => ({ agent, seq: rows[place]?.seq ?? 0 })),
  );
  const ids = await storedIds(transaction, keys);
  let bytes = 0;
  const settled = batches.map((batch, index): SettledBatch => {
    const places = repeated[index] ?? [];
    const stored = places.map((place) => ids.get(keyOf(batch.agent, batch.rows[place]?.seq ?? 0)));
    if (stored.includes(undefined)) throw new Refused(index, ID_TAKEN);
    const isRepeated = new Set(places);
    bytes += batch.rows.reduce((sum, row, place) => sum + (isRepeated.has(place) ? 0 : row.bytes), 0);
    const conflicting = places.filter((place, at) => stored[at] !== batch.rows[place]?.id).length;
    return { kind: 'stored', acked: acked.get(batch.agent) ?? 0, repeated: places, conflicting };
  });
  await count(transaction, 'alert_bytes', bytes);
  await count(transaction, 'alert_rows', inserted.size);
  return settled;
}

/** The batches that are left: without those that were refused, and without later ones of the same agents. */
function withoutRefused(
  batches: readonly PackedBatch[],
  refusals: Refusals,
): readonly { readonly batch: PackedBatch; readonly index: number; readonly refusal: RefusedBatch | null }[] {
  const byAgent = new Map<string, RefusedBatch>();
  return batches.map((batch, index) => {
    const refusal = byAgent.get(batch.agent) ?? refusals.get(index) ?? null;
    if (refusal !== null) byAgent.set(batch.agent, refusal);
    return { batch, index, refusal };
  });
}

/**
 * Stores what can be stored of a group, in one transaction. A batch that is refused takes only later ones of its
 * agent with it.
 * @throws {CentralError} where the database cannot be written
 */
export async function appendToPostgres(
  db: Kysely<Schema>,
  batches: readonly PackedBatch[],
): Promise<readonly SettledBatch[]> {
  const refusals = new Map<number, RefusedBatch>();
  for (;;) {
    const all = withoutRefused(batches, refusals);
    const left = all.filter(({ refusal }) => refusal === null);
    let settled: readonly SettledBatch[] = [];
    try {
      if (left.length > 0) {
        const group = left.map(({ batch }) => batch);
        settled = await db.transaction().execute((transaction) => appendAll(transaction, group));
      }
    } catch (error) {
      const refused = left[error instanceof Refused ? error.index : -1];
      if (!(error instanceof Refused) || refused === undefined) throw error;
      refusals.set(refused.index, error.refusal);
      continue;
    }
    const outcomes = [...settled];
    return all.map(({ refusal }) => refusal ?? outcomes.shift() ?? AGENT_UNKNOWN);
  }
}
