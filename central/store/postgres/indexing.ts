import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { bodyWords } from '../search/words.ts';
import { lockTransaction } from './advisory-locks.ts';

/** Adds the next `rows` alerts to the words, and moves the cursor with them. Answers how many there were. */
export async function indexNextInPostgres(db: Kysely<Schema>, rows: number): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    await lockTransaction(transaction, 'index');
    const { value } = await transaction
      .selectFrom('counters')
      .select('value')
      .where('name', '=', 'search_position')
      .executeTakeFirstOrThrow();
    const found = await transaction
      .selectFrom('alerts')
      .select(['position', 'body'])
      .where('position', '>', value)
      .orderBy('position')
      .limit(rows)
      .execute();
    const last = found.at(-1);
    if (last === undefined) return 0;
    const words = found.map(({ position, body }) => ({ position, words: bodyWords(body).join(' ') }));
    await sql`
      INSERT INTO alert_words (position, words)
      SELECT position, array_to_tsvector(string_to_array(words, ' '))
      FROM json_to_recordset(${JSON.stringify(words)}::json) AS r (position bigint, words text)
      ON CONFLICT DO NOTHING`.execute(transaction);
    await transaction
      .updateTable('counters')
      .set({ value: last.position })
      .where('name', '=', 'search_position')
      .execute();
    return found.length;
  });
}
