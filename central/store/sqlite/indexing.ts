import type { Database } from 'better-sqlite3';
import { bodyWords } from '../search/words.ts';

/** Adds the next `rows` alerts to the words, and moves the cursor with them. Answers how many there were. */
export function indexNext(database: Database, rows: number): number {
  const cursor = database.prepare("SELECT value FROM counters WHERE name = 'search_position'").pluck();
  const next = database.prepare<unknown[], { position: number; body: string }>(
    'SELECT position, body FROM alerts WHERE position > ? ORDER BY position LIMIT ?',
  );
  const add = database.prepare('INSERT INTO alert_words (rowid, words) VALUES (?, ?)');
  const move = database.prepare("UPDATE counters SET value = ? WHERE name = 'search_position'");
  return database
    .transaction(() => {
      const found = next.all(cursor.get(), rows);
      for (const { position, body } of found) {
        add.run(position, bodyWords(body).join(' '));
      }
      const last = found.at(-1);
      if (last !== undefined) move.run(last.position);
      return found.length;
    })
    .immediate();
}
