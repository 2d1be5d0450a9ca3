import { type Kysely, sql } from 'kysely';
import type { Alert } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import type { AlertRow, Schema } from './schema.ts';

/** What one batch came to. */
export interface StoredBatch {
  /** Highest seq that is committed for the agent, now. */
  readonly acked: number;
  /** The alerts that were not there before, in the order of their seq. */
  readonly fresh: readonly Alert[];
  readonly duplicates: number;
  /** Duplicates by (agent, seq) that are another alert than the one stored. */
  readonly conflicting: number;
}

export interface AlertFilter {
  /** Only alerts behind this position. */
  readonly after: number;
  /** Only alerts whose own time is this or later; RFC 3339, UTC, milliseconds. */
  readonly notBefore?: string | undefined;
  readonly name?: string | undefined;
  readonly host?: string | undefined;
}

/** Bounds of one page: rows, and bytes of their bodies (the first row is always taken). */
export interface PageSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface AlertRecord {
  readonly position: number;
  readonly received: string;
  readonly body: string;
  readonly agent: { readonly id: string; readonly os: string; readonly version: string };
}

/** The alert's own time in the form that sorts; the time of receipt where the agent's cannot be read. */
function sortableTime(time: string, received: string): string {
  const parsed = new Date(time);
  if (Number.isNaN(parsed.getTime())) return received;
  const text = parsed.toISOString();
  return text.length === received.length ? text : received;
}

function rowOf(agent: string, alert: Alert, received: string): AlertRow {
  return {
    agent,
    seq: alert.seq,
    id: alert.id,
    time: sortableTime(alert.time, received),
    received,
    host: alert.host,
    user: alert.user,
    name: alert.rule.name,
    level: alert.rule.level,
    server_id: alert.server?.id ?? null,
    server_name: alert.server?.name ?? null,
    client: alert.server?.client ?? null,
    body: JSON.stringify(alert),
  };
}

async function countConflicting(db: Kysely<Schema>, repeated: readonly AlertRow[]): Promise<number> {
  const [first] = repeated;
  if (first === undefined) return 0;
  const stored = await db
    .selectFrom('alerts')
    .select(['seq', 'id', 'time'])
    .where('agent', '=', first.agent)
    .where(
      'seq',
      'in',
      repeated.map((row) => row.seq),
    )
    .execute();
  const bySeq = new Map(stored.map((row) => [row.seq, row]));
  return repeated.filter((row) => bySeq.get(row.seq)?.id !== row.id).length;
}

/**
 * Stores what is new of a batch and raises the agent's acknowledged seq, in one transaction.
 * @throws {CentralError} CENTRAL_ALERT_ID_TAKEN where an id belongs to another (agent, seq)
 */
export async function storeBatch(
  db: Kysely<Schema>,
  agent: string,
  alerts: readonly Alert[],
  received: string,
): Promise<StoredBatch> {
  const rows = alerts.map((alert) => rowOf(agent, alert, received));
  try {
    return await db.transaction().execute(async (transaction) => {
      const inserted = await transaction
        .insertInto('alerts')
        .values(rows)
        .onConflict((conflict) => conflict.columns(['agent', 'seq']).doNothing())
        .returning('seq')
        .execute();
      const isFresh = new Set(inserted.map((row) => row.seq));
      const repeated = rows.filter((row) => !isFresh.has(row.seq));
      const { last_seq } = await transaction
        .selectFrom('agents')
        .select('last_seq')
        .where('id', '=', agent)
        .executeTakeFirstOrThrow();
      const acked = alerts.reduce((highest, alert) => Math.max(highest, alert.seq), last_seq);
      await transaction
        .updateTable('agents')
        .set({ last_seq: acked, last_seen: received })
        .where('id', '=', agent)
        .execute();
      return {
        acked,
        fresh: alerts.filter((alert) => isFresh.has(alert.seq)),
        duplicates: repeated.length,
        conflicting: await countConflicting(transaction, repeated),
      };
    });
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'SQLITE_CONSTRAINT_UNIQUE') {
      throw new CentralError('CENTRAL_ALERT_ID_TAKEN', 'the id of an alert belongs to another alert', {
        cause,
      });
    }
    throw cause;
  }
}

/** The filter with a start that skips what is older than its time, found in the index of times. */
async function withStart(db: Kysely<Schema>, filter: AlertFilter): Promise<AlertFilter> {
  if (filter.notBefore === undefined || filter.after > 0) return filter;
  // The plus keeps SQLite from walking the table in the order of positions until a row fits.
  const { first } = await db
    .selectFrom('alerts')
    .select(sql<number | null>`min(+position)`.as('first'))
    .where('time', '>=', filter.notBefore)
    .executeTakeFirstOrThrow();
  return { ...filter, after: (first ?? 1) - 1 };
}

/** Position of the last row of the page, or null where nothing follows; reads no bodies. */
async function endOfPage(db: Kysely<Schema>, filter: AlertFilter, size: PageSize): Promise<number | null> {
  let query = db
    .selectFrom('alerts')
    .select(['position', sql<number>`octet_length(body)`.as('bytes')])
    .where('position', '>', filter.after);
  if (filter.notBefore !== undefined) query = query.where('time', '>=', filter.notBefore);
  if (filter.name !== undefined) query = query.where('name', '=', filter.name);
  if (filter.host !== undefined) query = query.where('host', '=', filter.host);
  const rows = await query.orderBy('position').limit(size.rows).execute();
  let bytes = 0;
  let end: number | null = null;
  for (const row of rows) {
    bytes += row.bytes;
    if (end !== null && bytes > size.bytes) break;
    end = row.position;
  }
  return end;
}

/** The next alerts that pass the filter, oldest position first. */
export async function pageOfAlerts(
  db: Kysely<Schema>,
  asked: AlertFilter,
  size: PageSize,
): Promise<readonly AlertRecord[]> {
  const filter = await withStart(db, asked);
  const end = await endOfPage(db, filter, size);
  if (end === null) return [];
  let query = db
    .selectFrom('alerts')
    .innerJoin('agents', 'agents.id', 'alerts.agent')
    .select(['position', 'received', 'body', 'agents.id', 'agents.os', 'agents.version'])
    .where('position', '>', filter.after)
    .where('position', '<=', end);
  if (filter.notBefore !== undefined) query = query.where('time', '>=', filter.notBefore);
  if (filter.name !== undefined) query = query.where('name', '=', filter.name);
  if (filter.host !== undefined) query = query.where('alerts.host', '=', filter.host);
  const rows = await query.orderBy('position').execute();
  return rows.map(({ position, received, body, id, os, version }) => ({
    position,
    received,
    body,
    agent: { id, os, version },
  }));
}

/** Highest position that was ever given out. */
export async function newestPosition(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ seq: number }>`SELECT seq FROM sqlite_sequence WHERE name = 'alerts'`.execute(
    db,
  );
  return rows[0]?.seq ?? 0;
}
