/** The databases that central can keep its data in. */
export const DIALECTS = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** Column type of whole numbers up to 2^53 - 1: SQLite has one integer, PostgreSQL's `integer` ends at 2^31 - 1. */
export function wholeNumber(dialect: Dialect): 'integer' | 'bigint' {
  return dialect === 'sqlite' ? 'integer' : 'bigint';
}
