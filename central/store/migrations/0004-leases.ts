import type { Kysely } from 'kysely';
import { type Dialect, wholeNumber } from '../dialect.ts';

/** Who of several nodes does a duty, and in which term a feed's cursor was last taken over. */
export async function leases(db: Kysely<never>, dialect: Dialect): Promise<void> {
  const whole = wholeNumber(dialect);
  await db.schema
    .createTable('leases')
    .addColumn('duty', 'text', (column) => column.primaryKey().notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('term', whole, (column) => column.notNull())
    .addColumn('beat', whole, (column) => column.notNull())
    .addColumn('session', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .alterTable('feeds')
    .addColumn('term', whole, (column) => column.notNull().defaultTo(0))
    .execute();
}
