import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import type { AuditEntry } from './audit-log.ts';

/** Entries that are read at once. */
const READ_ROWS = 500;

/** What entries are asked for; all that is given must hold. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
}

/** Entries in front of a number, the newest first. */
export async function pageOfAudit(
  db: Kysely<Schema>,
  before: number,
  filter: AuditFilter,
  rows: number,
): Promise<readonly AuditEntry[]> {
  let query = db.selectFrom('audit').selectAll().where('number', '<', before);
  for (const column of ['actor', 'action', 'subject'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  return await query.orderBy('number', 'desc').limit(rows).execute();
}

/** Every entry behind a number, the oldest first. */
export async function* entriesFrom(db: Kysely<Schema>, after: number): AsyncGenerator<AuditEntry> {
  for (let last = after; ; ) {
    const entries = await db
      .selectFrom('audit')
      .selectAll()
      .where('number', '>', last)
      .orderBy('number')
      .limit(READ_ROWS)
      .execute();
    yield* entries;
    const newest = entries.at(-1);
    if (newest === undefined) return;
    last = newest.number;
  }
}
