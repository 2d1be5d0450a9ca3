import type { Schema } from '../store/schema.ts';
import type { AuditLog, Deed } from './audit-log.ts';

/** Tables whose rows are revoked by an id, and what the audit log calls that. */
const REVOKED = {
  agents: 'agent.revoke',
  enrolment_tokens: 'token.revoke',
  api_tokens: 'api-token.revoke',
} as const satisfies Partial<Record<keyof Schema, string>>;

export interface Revocation {
  readonly table: keyof typeof REVOKED;
  readonly id: string;
  readonly actor: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  /** More for the audit log, without secrets. */
  readonly detail?: Deed['detail'];
}

/** Ends what an id stands for, for good, and says so. False where there is none, or it was revoked before. */
export async function revoke(
  audit: AuditLog,
  { table, id, actor, time, detail = {} }: Revocation,
): Promise<boolean> {
  return await audit.within(async (db) => {
    const changed = await db
      .updateTable(table)
      .set({ revoked: time })
      .where('id', '=', id)
      .where('revoked', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (changed === undefined) return { answer: false, deed: null };
    return { answer: true, deed: { actor, action: REVOKED[table], subject: id, detail } };
  });
}
