import { type AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { entriesFrom } from '../audit/pages.ts';
import { type AuditVerdict, verifyAudit } from '../audit/verification.ts';
import type { DatabasePlace } from '../store/place.ts';
import { openStore } from '../store/store.ts';
import { ApiTokens } from './api-tokens.ts';

/** What an operator does at the database itself: the first token has to come from somewhere. */
export interface AccessDesk {
  readonly tokens: ApiTokens;
  readonly audit: AuditLog;
  verifyAudit(): Promise<AuditVerdict>;
  /** Every entry, the oldest first. */
  auditEntries(): AsyncIterable<AuditEntry>;
}

/**
 * Uses the tokens and the audit log of a central, whether or not it runs.
 * @throws {CentralError} CENTRAL_DATABASE_…
 */
export async function withAccessDesk<T>(
  place: DatabasePlace,
  use: (desk: AccessDesk) => Promise<T>,
): Promise<T> {
  const store = await openStore(place, 'command');
  try {
    const audit = new AuditLog(store.db, Date.now);
    const tokens = new ApiTokens(store.db, audit, Date.now);
    return await use({
      tokens,
      audit,
      verifyAudit: () => verifyAudit(store.db),
      auditEntries: () => entriesFrom(store.db, 0),
    });
  } finally {
    await store.close();
  }
}
