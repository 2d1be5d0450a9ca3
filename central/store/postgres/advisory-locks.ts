import { type Kysely, sql } from 'kysely';

/** First key of all of central's advisory locks: "SWCE". */
const CLASS = 0x53_57_43_45;
/** What is done by one node at a time. */
const LOCKS = { migrate: 1, append: 2, index: 3, retain: 4 } as const;

/** Waits for a lock that ends with the transaction. */
export async function lockTransaction<T>(transaction: Kysely<T>, what: keyof typeof LOCKS): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${CLASS}::int, ${LOCKS[what]}::int)`.execute(transaction);
}
