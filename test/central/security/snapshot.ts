import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { openStore } from '../../../central/store/store.ts';

/**
 * Tables that refusals may add to (the audit log, which is told of them, and the fact that names its newest entry), and
 * those that central fills behind what agents send, or renews by itself.
 */
const MOVING = /^(?:audit|facts|counters|leases|alert_words.*)$/;
/** Columns of an agent that central writes down later. */
const LATE = ['last_seen', 'state'];

/** Every row of every other table, as one text, and the actions in the audit log. */
export async function snapshot(
  directory: string,
): Promise<{ readonly rows: string; readonly actions: readonly string[] }> {
  const store = await openStore(join(directory, 'central.db'), 'command');
  try {
    const tables = (await store.db.introspection.getTables()).map(({ name }) => name).sort();
    const db = store.db as unknown as Kysely<Record<string, Record<string, unknown>>>;
    const rows: [string, unknown][] = [];
    for (const table of tables) {
      if (MOVING.test(table)) continue;
      const all = await db.selectFrom(table).selectAll().execute();
      const kept = (row: object) => Object.entries(row).filter(([name]) => !LATE.includes(name));
      rows.push([table, all.map(kept)]);
    }
    const entries = await store.db.selectFrom('audit').select('action').orderBy('number').execute();
    return { rows: JSON.stringify(rows), actions: entries.map(({ action }) => action) };
  } finally {
    await store.close();
  }
}
