import type { Database, Statement } from 'better-sqlite3';

/** Statements that are kept prepared. */
const MAX_KEPT = 256;
/** Characters of a statement that is kept; longer ones carry a list whose length differs each time. */
const MAX_KEPT_CHARACTERS = 2_048;

/**
 * Statements of one connection, kept prepared: V8 does not see the kilobytes of SQLite behind each, so that those of a
 * returning fleet would pile up until it next collects.
 */
export class Statements {
  readonly #database: Database;
  readonly #kept = new Map<string, Statement<unknown[], unknown>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The statement, prepared. @throws what SQLite says against its text */
  prepare(sql: string): Statement<unknown[], unknown> {
    const kept = this.#kept.get(sql);
    const statement = kept ?? this.#database.prepare<unknown[], unknown>(sql);
    if (sql.length > MAX_KEPT_CHARACTERS) return statement;
    this.#kept.delete(sql);
    this.#kept.set(sql, statement);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return statement;
  }
}
