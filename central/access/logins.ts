import type { Kysely } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import { hashSecret, makeSecret, secretId } from '../identity/secret.ts';
import type { Schema } from '../store/schema.ts';
import { roleOf } from './api-tokens.ts';
import type { Principal } from './principal.ts';
import type { Role } from './role.ts';

/** Milliseconds that a login is good for. */
export const LOGIN_MS = 8 * 3_600_000;

/** People who are logged in. A browser holds the secret; its hash is kept. */
export class Logins {
  readonly #db: Kysely<Schema>;
  readonly #audit: AuditLog;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, audit: AuditLog, clock: () => number) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Begins a login; answers the secret. Logins that have ended are forgotten. */
  async begin(who: {
    readonly subject: string;
    readonly name: string;
    readonly role: Role;
  }): Promise<string> {
    const secret = makeSecret('login');
    const now = this.#clock();
    const begun = {
      ...who,
      created: new Date(now).toISOString(),
      expires: new Date(now + LOGIN_MS).toISOString(),
    };
    return await this.#audit.within(async (db) => {
      await db.deleteFrom('logins').where('expires', '<=', begun.created).execute();
      await db
        .insertInto('logins')
        .values({ ...begun, secret_hash: secret.hash })
        .execute();
      const detail = { subject: who.subject, role: who.role };
      return {
        answer: secret.text,
        deed: { actor: `user:${who.name}`, action: 'login.begin', subject: who.name, detail },
      };
    });
  }

  /** Who a secret belongs to; null where it is none that holds. */
  async find(text: string): Promise<Principal | null> {
    if (secretId('login', text) === null) return null;
    const row = await this.#db
      .selectFrom('logins')
      .selectAll()
      .where('secret_hash', '=', hashSecret(text))
      .executeTakeFirst();
    if (row === undefined || Date.parse(row.expires) <= this.#clock()) return null;
    const role = roleOf(row.role);
    return role === null ? null : { kind: 'login', id: row.subject, name: row.name, role };
  }

  /** Ends a login. */
  async end(text: string): Promise<void> {
    await this.#audit.within(async (db) => {
      const row = await db
        .deleteFrom('logins')
        .where('secret_hash', '=', hashSecret(text))
        .returning('name')
        .executeTakeFirst();
      if (row === undefined) return { answer: null, deed: null };
      const deed = { actor: `user:${row.name}`, action: 'login.end', subject: row.name, detail: {} };
      return { answer: null, deed };
    });
  }
}
