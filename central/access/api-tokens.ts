import type { Kysely } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import { revoke } from '../audit/revocation.ts';
import { isSecret, makeSecret, secretId } from '../identity/secret.ts';
import type { Schema } from '../store/schema.ts';
import type { Principal } from './principal.ts';
import { ROLES, type Role } from './role.ts';

/** Tokens on one page of the list; more are not kept usable at once. */
const MAX_LISTED = 1_000;

/** What is told of a token; never its secret. */
export interface ApiTokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created: string;
  readonly created_by: string;
  readonly expires: string;
  readonly revoked: string | null;
}

export interface ApiTokenRequest {
  readonly name: string;
  readonly role: Role;
  /** Milliseconds that it is good for. */
  readonly lifeMs: number;
  readonly actor: string;
}

/** The role of a row; a row that names none of ours gives no access. */
export function roleOf(text: string): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}

/** Tokens with which programs use the API. The secret is shown once; its hash is kept. */
export class ApiTokens {
  readonly #db: Kysely<Schema>;
  readonly #audit: AuditLog;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, audit: AuditLog, clock: () => number) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Makes a token; its text is not to be had again. */
  async create({
    name,
    role,
    lifeMs,
    actor,
  }: ApiTokenRequest): Promise<ApiTokenRecord & { readonly token: string }> {
    const secret = makeSecret('api');
    const now = this.#clock();
    const record = {
      id: secret.id,
      name,
      role,
      created: new Date(now).toISOString(),
      created_by: actor,
      expires: new Date(now + lifeMs).toISOString(),
      revoked: null,
    };
    const detail = { name, role, expires: record.expires };
    return await this.#audit.within(async (db) => {
      await db
        .insertInto('api_tokens')
        .values({ ...record, secret_hash: secret.hash })
        .execute();
      const deed = { actor, action: 'api-token.create', subject: secret.id, detail };
      return { answer: { ...record, token: secret.text }, deed };
    });
  }

  /** All tokens, the newest first. */
  async list(): Promise<readonly ApiTokenRecord[]> {
    const rows = await this.#db
      .selectFrom('api_tokens')
      .select(['id', 'name', 'role', 'created', 'created_by', 'expires', 'revoked'])
      .orderBy('created', 'desc')
      .orderBy('id')
      .limit(MAX_LISTED)
      .execute();
    return rows.flatMap((row) => {
      const role = roleOf(row.role);
      return role === null ? [] : [{ ...row, role }];
    });
  }

  /** Ends a token at once. Answers whether there was one that could still be used. */
  async revoke(id: string, actor: string): Promise<boolean> {
    const named = await this.#db
      .selectFrom('api_tokens')
      .select(['name', 'role'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (named === undefined) return false;
    const time = new Date(this.#clock()).toISOString();
    return await revoke(this.#audit, { table: 'api_tokens', id, actor, time, detail: named });
  }

  /** Whose token a text is; null where it is none that holds. */
  async find(text: string): Promise<Principal | null> {
    const id = secretId('api', text);
    if (id === null) return null;
    const row = await this.#db.selectFrom('api_tokens').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined || !isSecret(text, row.secret_hash)) return null;
    if (row.revoked !== null || Date.parse(row.expires) <= this.#clock()) return null;
    const role = roleOf(row.role);
    return role === null ? null : { kind: 'token', id, name: row.name, role };
  }
}
