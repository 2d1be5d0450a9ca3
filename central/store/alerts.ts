import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import { SEVERITIES, type Severity } from '../../wire/index.ts';
import type { Schema } from './schema.ts';

/** What alerts are asked for; all that is given must hold. */
export interface AlertFilter {
  /** Only alerts behind this position. */
  readonly after: number;
  /** Only alerts in front of this position. */
  readonly before?: number | undefined;
  /** Only alerts whose own time is this or later; RFC 3339, UTC, milliseconds. */
  readonly notBefore?: string | undefined;
  readonly name?: string | undefined;
  readonly host?: string | undefined;
  readonly agent?: string | undefined;
  /** Id or name of the server. */
  readonly server?: string | undefined;
  readonly client?: string | undefined;
  /** Only alerts of this level or above. */
  readonly level?: Severity | undefined;
  /** Status by triage; an alert that nobody touched is `new`. */
  readonly status?: string | undefined;
  /** Who has it; the empty text for nobody. */
  readonly assignee?: string | undefined;
}

/** Order of a page, by position: a poller goes from the oldest on, a person from the newest back. */
export type AlertOrder = 'oldest' | 'newest';

/** Bounds of one page: rows, and bytes of their bodies (the first row is always taken). */
export interface PageSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface AlertRecord {
  readonly position: number;
  readonly id: string;
  readonly received: string;
  readonly body: string;
  readonly agent: { readonly id: string; readonly os: string; readonly version: string };
}

type Builder = ExpressionBuilder<Schema, 'alerts'>;

/** The status of an alert that nobody has touched. */
const UNTOUCHED = 'new';

function triageHolds(eb: Builder, column: 'status' | 'assignee', value: string): Expression<SqlBool> {
  const rows = eb.selectFrom('triage').select('triage.alert');
  return eb('alerts.id', 'in', rows.where(column, '=', value));
}

function statusIs(eb: Builder, status: string): Expression<SqlBool> {
  if (status !== UNTOUCHED) return triageHolds(eb, 'status', status);
  const touched = eb.selectFrom('triage').select('triage.alert').whereRef('triage.alert', '=', 'alerts.id');
  return eb.not(eb.exists(touched.where('triage.status', '<>', UNTOUCHED)));
}

function assigneeIs(eb: Builder, assignee: string): Expression<SqlBool> {
  if (assignee !== '') return triageHolds(eb, 'assignee', assignee);
  const assigned = eb.selectFrom('triage').select('triage.alert').whereRef('triage.alert', '=', 'alerts.id');
  return eb.not(eb.exists(assigned.where('triage.assignee', 'is not', null)));
}

/** The filter as a condition on `alerts`. */
export function passes(eb: Builder, filter: AlertFilter): Expression<SqlBool> {
  const { before, notBefore, name, host, agent, server, client, level, status, assignee } = filter;
  const conditions: Expression<SqlBool>[] = [eb('alerts.position', '>', filter.after)];
  if (before !== undefined) conditions.push(eb('alerts.position', '<', before));
  if (notBefore !== undefined) conditions.push(eb('alerts.time', '>=', notBefore));
  if (name !== undefined) conditions.push(eb('alerts.name', '=', name));
  if (host !== undefined) conditions.push(eb('alerts.host', '=', host));
  if (agent !== undefined) conditions.push(eb('alerts.agent', '=', agent));
  if (client !== undefined) conditions.push(eb('alerts.client', '=', client));
  if (server !== undefined) {
    conditions.push(eb.or([eb('alerts.server_id', '=', server), eb('alerts.server_name', '=', server)]));
  }
  if (level !== undefined) {
    conditions.push(eb('alerts.level', 'in', SEVERITIES.slice(SEVERITIES.indexOf(level))));
  }
  if (status !== undefined) conditions.push(statusIs(eb, status));
  if (assignee !== undefined) conditions.push(assigneeIs(eb, assignee));
  return eb.and(conditions);
}

/** The filter with a start that skips what is older than its time, found in the index of times. */
async function withStart(db: Kysely<Schema>, filter: AlertFilter, order: AlertOrder): Promise<AlertFilter> {
  if (filter.notBefore === undefined || filter.after > 0 || order === 'newest') return filter;
  // The plus keeps SQLite from walking the table in the order of positions until a row fits.
  const { first } = await db
    .selectFrom('alerts')
    .select(sql<number | null>`min(+position)`.as('first'))
    .where('time', '>=', filter.notBefore)
    .executeTakeFirstOrThrow();
  return { ...filter, after: (first ?? 1) - 1 };
}

/** Positions of a page, from rows that are longer: as many as fit, at least one. */
export function fitting(
  rows: readonly { readonly position: number; readonly bytes: number }[],
  size: PageSize,
): readonly number[] {
  let bytes = 0;
  const positions: number[] = [];
  for (const row of rows) {
    bytes += row.bytes;
    if (positions.length > 0 && bytes > size.bytes) break;
    positions.push(row.position);
  }
  return positions;
}

/** The alerts at these positions, in this order. */
export async function recordsAt(
  db: Kysely<Schema>,
  positions: readonly number[],
): Promise<readonly AlertRecord[]> {
  if (positions.length === 0) return [];
  const rows = await db
    .selectFrom('alerts')
    .innerJoin('agents', 'agents.id', 'alerts.agent')
    .select([
      'position',
      'alerts.id',
      'received',
      'body',
      'agents.id as agent',
      'agents.os',
      'agents.version',
    ])
    .where('position', 'in', positions)
    .execute();
  const byPosition = new Map(rows.map((row) => [row.position, row]));
  return positions.flatMap((position) => {
    const row = byPosition.get(position);
    if (row === undefined) return [];
    const { id, received, body, agent, os, version } = row;
    return [{ position, id, received, body, agent: { id: agent, os, version } }];
  });
}

/** The alerts that pass the filter, in the order of positions: the oldest first, or the newest. */
export async function pageOfAlerts(
  db: Kysely<Schema>,
  asked: AlertFilter,
  size: PageSize,
  order: AlertOrder,
): Promise<readonly AlertRecord[]> {
  const filter = await withStart(db, asked, order);
  // Bodies are read afterwards, so that no more of them are than fit.
  const rows = await db
    .selectFrom('alerts')
    .select(['position', sql<number>`octet_length(body)`.as('bytes')])
    .where((eb) => passes(eb, filter))
    .orderBy('position', order === 'oldest' ? 'asc' : 'desc')
    .limit(size.rows)
    .execute();
  return await recordsAt(db, fitting(rows, size));
}

/** Highest position that an alert was ever stored at. */
export async function newestPosition(db: Kysely<Schema>): Promise<number> {
  const { newest } = await db
    .selectFrom('alerts')
    .select((eb) => eb.fn.max('position').as('newest'))
    .executeTakeFirstOrThrow();
  return newest ?? (await counterOf(db, 'deleted_position'));
}

/** Value of a counter. */
export async function counterOf(db: Kysely<Schema>, name: Schema['counters']['name']): Promise<number> {
  const { value } = await db
    .selectFrom('counters')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return value;
}
