import { createHash } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** Previous hash of the first entry. */
const BEGINNING = '0'.repeat(64);

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

/** Hash of an entry: SHA-256 over its fields and the hash before, as a JSON array, hex. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { number, time, actor, action, subject, detail, previous } = entry;
  const covered = JSON.stringify([number, time, actor, action, subject, detail, previous]);
  return createHash('sha256').update(covered).digest('hex');
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

  /** Appends an entry; durable when the promise resolves. */
  append(deed: Deed): Promise<AuditEntry> {
    const turn = this.#last.then(() => this.#write(deed));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write({ actor, action, subject, detail }: Deed): Promise<AuditEntry> {
    return await this.#db.transaction().execute(async (transaction) => {
      const before = await transaction
        .selectFrom('audit')
        .select(['number', 'hash'])
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst();
      const open = {
        number: (before?.number ?? 0) + 1,
        time: new Date(this.#clock()).toISOString(),
        actor,
        action,
        subject,
        detail: JSON.stringify(detail),
        previous: before?.hash ?? BEGINNING,
      };
      const entry = { ...open, hash: auditHash(open) };
      await transaction.insertInto('audit').values(entry).execute();
      return entry;
    });
  }
}
