import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Fact with the version of the central that opened the database last. */
const AUTHOR_FACT = 'written_by';

/** Notes which central works on a database, so that an older one can say whose it is. */
export async function noteAuthor(db: Kysely<Schema>, program: string): Promise<void> {
  await db
    .insertInto('facts')
    .values({ name: AUTHOR_FACT, value: program })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: program }))
    .execute();
}

/** Who wrote a database of a version that is not known here; whatever else it holds, it can be asked for this. */
export async function authorOf(db: Kysely<Schema>): Promise<string> {
  try {
    const { rows } = await sql<{ value: string }>`
      SELECT value FROM facts WHERE name = ${AUTHOR_FACT}`.execute(db);
    const [row] = rows;
    return row === undefined ? 'a newer Sealwatch' : `Sealwatch ${row.value}`;
  } catch {
    return 'a newer Sealwatch';
  }
}
