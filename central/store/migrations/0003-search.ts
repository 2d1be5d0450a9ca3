import { type Kysely, sql } from 'kysely';
import { type Dialect, wholeNumber } from '../dialect.ts';

/** Words of alerts for searches, and whole numbers that are kept exact with every commit. */
export async function search(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', wholeNumber(dialect), (column) => column.notNull())
    .execute();
  await sql`
    INSERT INTO counters (name, value)
    SELECT 'alert_bytes', coalesce(sum(octet_length(body)), 0) FROM alerts
    UNION ALL SELECT 'alert_rows', count(*) FROM alerts
    UNION ALL SELECT 'search_position', 0
    UNION ALL SELECT 'deleted_position', 0
    UNION ALL SELECT 'deleted_unfed', 0`.execute(db);
  if (dialect === 'sqlite') {
    // Words are made by central alone, so that both databases find the same; `ascii` leaves them as they are.
    await sql`
      CREATE VIRTUAL TABLE alert_words USING fts5(
        words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')`.execute(db);
    return;
  }
  await db.schema
    .createTable('alert_words')
    .addColumn('position', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('words', sql`tsvector`, (column) => column.notNull())
    .execute();
  await db.schema.createIndex('alert_words_words').on('alert_words').using('gin').column('words').execute();
}
