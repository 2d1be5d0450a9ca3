import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import { type AlertFilter, type AlertRecord, fitting, type PageSize, passes, recordsAt } from '../alerts.ts';
import type { Dialect } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import { type QueryWord, queryWords } from './words.ts';

/** FTS5's full-text query syntax (https://sqlite.org/fts5.html §3): every word quoted, all of them asked for. */
function fts5Query(words: readonly QueryWord[]): string {
  return words.map(({ word, prefix }) => `"${word}"${prefix ? ' *' : ''}`).join(' ');
}

/** PostgreSQL's tsquery text (manual §8.11.2). Words hold letters and digits only. */
function tsquery(words: readonly QueryWord[]): string {
  return words.map(({ word, prefix }) => `'${word}'${prefix ? ':*' : ''}`).join(' & ');
}

function holdsWords(words: readonly QueryWord[], dialect: Dialect): RawBuilder<SqlBool> {
  return dialect === 'sqlite'
    ? sql<SqlBool>`alert_words MATCH ${fts5Query(words)}`
    : sql<SqlBool>`alert_words.words @@ ${tsquery(words)}::tsquery`;
}

/**
 * Alerts that hold all words of a text, the newest first; `before` of the filter goes on behind a page. A word ends
 * in `*` where it is only the beginning of one; all other signs part words. A text without a word finds nothing.
 */
export async function searchAlerts(
  db: Kysely<Schema>,
  dialect: Dialect,
  text: string,
  filter: AlertFilter,
  size: PageSize,
): Promise<readonly AlertRecord[]> {
  const words = queryWords(text);
  if (words.length === 0) return [];
  const key = dialect === 'sqlite' ? 'alert_words.rowid' : 'alert_words.position';
  // By the key of the words, and as a cross join, which SQLite does not turn round: it walks the words from the newest
  // back and stops when the page is full.
  let query = db
    .selectFrom('alert_words')
    .crossJoin('alerts')
    .whereRef('alerts.position', '=', key)
    .select(['alerts.position', sql<number>`octet_length(alerts.body)`.as('bytes')])
    .where(holdsWords(words, dialect))
    .where(key, '>', filter.after)
    .where((eb) => passes(eb as never, filter));
  if (filter.before !== undefined) query = query.where(key, '<', filter.before);
  const rows = await query.orderBy(key, 'desc').limit(size.rows).execute();
  return await recordsAt(db, fitting(rows, size));
}
