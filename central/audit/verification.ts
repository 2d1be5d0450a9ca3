import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { type AuditEntry, auditHash, BEGINNING, HEAD_FACT, headOf } from './audit-log.ts';
import { entriesFrom } from './pages.ts';

/** What a look through the whole audit log found. */
export type AuditVerdict =
  | { readonly intact: true; readonly entries: number; readonly head: string }
  /** `at` is the number of the first entry that is missing, added, or not what was written. */
  | { readonly intact: false; readonly at: number; readonly reason: string };

/**
 * Checks every entry's number, hash and link to the one before, and that the newest is the one that was appended last.
 * Somebody who can write to the database can forge a whole chain: keep `head` elsewhere from time to time.
 */
export async function verifyAudit(db: Kysely<Schema>): Promise<AuditVerdict> {
  // Read first: entries that come meanwhile then lie behind it.
  const fact = await db.selectFrom('facts').select('value').where('name', '=', HEAD_FACT).executeTakeFirst();
  const head = fact === undefined ? { number: 0, hash: BEGINNING } : headOf(fact.value);
  let last = { number: 0, hash: BEGINNING };
  let atHead = BEGINNING;
  for await (const entry of entriesFrom(db, 0)) {
    const reason = faultOf(entry, last);
    if (reason !== null) return { intact: false, at: last.number + 1, reason };
    last = entry;
    if (entry.number === head.number) atHead = entry.hash;
  }
  if (last.number < head.number) {
    return { intact: false, at: last.number + 1, reason: 'entries at the end are missing' };
  }
  if (atHead !== head.hash) {
    return { intact: false, at: head.number, reason: 'the newest entry is not the one that was appended' };
  }
  return { intact: true, entries: last.number, head: last.hash };
}

function faultOf(
  entry: AuditEntry,
  before: { readonly number: number; readonly hash: string },
): string | null {
  if (entry.number !== before.number + 1) return 'an entry is missing';
  if (entry.previous !== before.hash) return 'the entry does not follow the one before';
  return auditHash(entry) === entry.hash ? null : 'the entry is not what was written';
}
