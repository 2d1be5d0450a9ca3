import type { Kysely, Selectable } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import { revoke } from '../audit/revocation.ts';
import type { Schema } from '../store/schema.ts';
import { IdentityRefusal } from './refusal.ts';
import { hashSecret, makeSecret, secretId } from './secret.ts';

/** Characters of a group's name. */
const MAX_GROUP_CHARS = 256;
/** Agents that one token enrols at most. */
export const MAX_COUNT = 1_000_000;

export interface TokenWish {
  /** Empty for none. */
  readonly group: string;
  /** Agents that it enrols. */
  readonly count: number;
  /** Milliseconds from now. */
  readonly expiresMs: number;
  readonly actor: string;
}

const SHOWN = ['id', 'grp', 'uses_left', 'created', 'created_by', 'expires', 'revoked'] as const;
/** A token as it may be shown. */
export type TokenRecord = Pick<Selectable<Schema['enrolment_tokens']>, (typeof SHOWN)[number]>;

/** The tokens that let hosts enrol. The secret is in no table and in no log. */
export class EnrolmentTokens {
  readonly #db: Kysely<Schema>;
  readonly #audit: AuditLog;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, audit: AuditLog, clock: () => number) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Makes a token. Answers its id and the secret, which is shown this once. @throws {RangeError} */
  async create({ group, count, expiresMs, actor }: TokenWish): Promise<{ id: string; secret: string }> {
    if (group.length > MAX_GROUP_CHARS)
      throw new RangeError(`a group has up to ${MAX_GROUP_CHARS} characters`);
    if (!Number.isSafeInteger(count) || count < 1 || count > MAX_COUNT)
      throw new RangeError(`a token enrols 1 to ${MAX_COUNT} agents`);
    const { text, id, hash } = makeSecret('enrolment');
    const expires = this.#time(expiresMs);
    const row = {
      ...{ id, secret_hash: hash, grp: group, uses_left: count, expires },
      created: this.#time(),
      created_by: actor,
      revoked: null,
    };
    const deed = { actor, action: 'token.create', subject: id, detail: { group, count, expires } };
    await this.#audit.within(async (db) => {
      await db.insertInto('enrolment_tokens').values(row).execute();
      return { answer: null, deed };
    });
    return { id, secret: text };
  }

  /** All tokens, the newest first. */
  async list(): Promise<readonly TokenRecord[]> {
    return await this.#db
      .selectFrom('enrolment_tokens')
      .select(SHOWN)
      .orderBy('created', 'desc')
      .orderBy('id')
      .execute();
  }

  /** Makes a token useless. False where there is none with this id, or it was revoked before. */
  revoke(id: string, actor: string): Promise<boolean> {
    return revoke(this.#audit, { table: 'enrolment_tokens', id, actor, time: this.#time() });
  }

  /** The token that a secret stands for, whether or not uses are left. @throws {IdentityRefusal} token-… */
  async find(secret: string): Promise<TokenRecord> {
    const id = secretId('enrolment', secret);
    const token =
      id === null
        ? undefined
        : await this.#db
            .selectFrom('enrolment_tokens')
            .select(SHOWN)
            .where('id', '=', id)
            .where('secret_hash', '=', hashSecret(secret))
            .executeTakeFirst();
    if (token === undefined) throw new IdentityRefusal('token-invalid', 'there is no such token');
    if (token.revoked !== null) throw new IdentityRefusal('token-revoked', 'the token was revoked');
    if (token.expires <= this.#time()) throw new IdentityRefusal('token-expired', 'the token has expired');
    return token;
  }

  /** Takes one use of a token, within the caller's transaction. @throws {IdentityRefusal} token-used-up */
  async use(db: Kysely<Schema>, id: string): Promise<void> {
    const used = await db
      .updateTable('enrolment_tokens')
      .set((eb) => ({ uses_left: eb('uses_left', '-', 1) }))
      .where('id', '=', id)
      .where('uses_left', '>', 0)
      .where('revoked', 'is', null)
      .where('expires', '>', this.#time())
      .returning('id')
      .executeTakeFirst();
    if (used === undefined) throw new IdentityRefusal('token-used-up', 'the token has no uses left');
  }

  #time(fromNowMs = 0): string {
    return new Date(this.#clock() + fromNowMs).toISOString();
  }
}
