import { createHash } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** Previous hash of the first entry. */
export const BEGINNING = '0'.repeat(64);
/** Fact that names the newest entry, as `NUMBER HASH`: whoever appends holds its row until the entry is committed. */
export const HEAD_FACT = 'audit_head';

/** Something that a person or central did. */
export interface Deed {
  /** Who: `user:…`, `token:…`, `agent:…`, `cli:…` or `central`. */
  readonly actor: string;
  /** What, as `thing.verb`, e.g. `alert.assign`. */
  readonly action: string;
  /** To what: an id. */
  readonly subject: string;
  /** More, without secrets. */
  readonly detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}

export type AuditEntry = Selectable<Schema['audit']>;

/** What is done, and what the log says of it, in order; null where nothing came of it. */
export interface Done<T> {
  readonly answer: T;
  readonly deed: Deed | readonly Deed[] | null;
}

/** Hash of an entry: SHA-256 over its fields and the hash before, as a JSON array, hex. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { number, time, actor, action, subject, detail, previous } = entry;
  const covered = JSON.stringify([number, time, actor, action, subject, detail, previous]);
  return createHash('sha256').update(covered).digest('hex');
}

/** Reads the fact of the newest entry. */
export function headOf(text: string): { readonly number: number; readonly hash: string } {
  const [number = '', hash = ''] = text.split(' ');
  return { number: Number(number), hash };
}

/** The append-only log of what was done: each entry's hash covers the one before, so that none can be taken out unseen. */
export class AuditLog {
  readonly #db: Kysely<Schema>;
  readonly #clock: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(db: Kysely<Schema>, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Appends an entry; durable when the promise resolves. Not to be called within `within`. */
  async append(deed: Deed): Promise<void> {
    await this.within(async () => ({ answer: null, deed }));
  }

  /** Does something and says so, in one transaction: neither is there without the other. */
  within<T>(work: (transaction: Transaction<Schema>) => Promise<Done<T>>): Promise<T> {
    const turn = this.#last.then(() =>
      this.#db.transaction().execute(async (transaction) => {
        const { answer, deed } = await work(transaction);
        for (const one of deedsOf(deed)) await this.#write(transaction, one);
        return answer;
      }),
    );
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write(db: Transaction<Schema>, { actor, action, subject, detail }: Deed): Promise<void> {
    // Locks the row on PostgreSQL, so that another node waits here; SQLite has one writer anyway.
    const { value } = await db
      .insertInto('facts')
      .values({ name: HEAD_FACT, value: `0 ${BEGINNING}` })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ name: HEAD_FACT }))
      .returning('value')
      .executeTakeFirstOrThrow();
    const before = headOf(value);
    const open = {
      number: before.number + 1,
      time: new Date(this.#clock()).toISOString(),
      actor,
      action,
      subject,
      detail: JSON.stringify(detail),
      previous: before.hash,
    };
    const entry = { ...open, hash: auditHash(open) };
    await db.insertInto('audit').values(entry).execute();
    await db
      .updateTable('facts')
      .set({ value: `${entry.number} ${entry.hash}` })
      .where('name', '=', HEAD_FACT)
      .execute();
  }
}

function deedsOf(deed: Done<unknown>['deed']): readonly Deed[] {
  if (deed === null) return [];
  return 'action' in deed ? [deed] : deed;
}
