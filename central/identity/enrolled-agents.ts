import type { Kysely, Selectable } from 'kysely';
import type { HelloFrame } from '../../wire/index.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { revoke } from '../audit/revocation.ts';
import { ownAgents } from '../store/fleet.ts';
import type { Schema } from '../store/schema.ts';
import type { Issued } from './authority.ts';

/** What decides whether an agent may have a certificate. */
export type EnrolledAgent = Pick<Selectable<Schema['agents']>, (typeof DECISIVE)[number]>;
const DECISIVE = [
  'id',
  'grp',
  'key',
  'token',
  'revoked',
  'cloned',
  'generation',
  'generation_before',
] as const;

const SHOWN = [
  'id',
  'host',
  'os',
  'version',
  'grp',
  'first_seen',
  'last_seen',
  'state',
  'revoked',
  'cloned',
] as const;
/** An agent as it may be shown to operators. */
export type ShownAgent = Pick<Selectable<Schema['agents']>, (typeof SHOWN)[number]>;

/** Under which token, and with which key, an agent is enrolled. */
export interface Enrolling {
  readonly agent: HelloFrame['agent'];
  readonly group: string;
  readonly token: string;
  readonly key: string;
  /** The id goes to another key: what told copies of the older one apart is forgotten. */
  readonly isTakenOver: boolean;
}

const FORGOTTEN = { generation: null, generation_before: null, machine: null, cloned: null } as const;

/** What central keeps of the identities of agents. */
export class EnrolledAgents {
  readonly #db: Kysely<Schema>;
  readonly #audit: AuditLog;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, audit: AuditLog, clock: () => number) {
    this.#db = db;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Null for an id that was never seen. */
  async find(id: string): Promise<EnrolledAgent | null> {
    const row = await this.#db.selectFrom('agents').select(DECISIVE).where('id', '=', id).executeTakeFirst();
    return row ?? null;
  }

  /** By id, `rows` of them behind `after`. */
  async list(after: string, rows: number): Promise<readonly ShownAgent[]> {
    return await this.#db
      .selectFrom('agents')
      .select(SHOWN)
      .where('id', '>', after)
      .where('id', 'not in', ownAgents(this.#db))
      .orderBy('id')
      .limit(rows)
      .execute();
  }

  /** Notes an enrolment, within the caller's transaction; a revocation before it ends here. */
  async enrol(db: Kysely<Schema>, enrolling: Enrolling): Promise<void> {
    const { agent, group, token, key, isTakenOver } = enrolling;
    const { id, ...host } = agent;
    const now = this.#now();
    const forgotten = isTakenOver ? FORGOTTEN : {};
    const given = { ...host, grp: group, token, key, revoked: null, ...forgotten };
    await db
      .insertInto('agents')
      .values({ id, ...given, first_seen: now, last_seen: now, last_seq: 0, state: 'disconnected' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(given))
      .execute();
  }

  /** Notes the key of a renewed certificate, within the caller's transaction. */
  async rekey(db: Kysely<Schema>, id: string, key: string): Promise<void> {
    await db.updateTable('agents').set({ key }).where('id', '=', id).execute();
  }

  /** Notes a certificate and forgets those of this agent that ended before `keptSince` (milliseconds since the epoch). */
  async noteCertificate(
    db: Kysely<Schema>,
    agent: string,
    { serial, expires }: Issued,
    keptSince: number,
  ): Promise<void> {
    const ended = new Date(keptSince).toISOString();
    await db.deleteFrom('certificates').where('agent', '=', agent).where('expires', '<', ended).execute();
    const times = { issued: this.#now(), expires: new Date(expires).toISOString() };
    await db
      .insertInto('certificates')
      .values({ serial, agent, ...times })
      .execute();
  }

  /** Revokes an identity. False where there is none with this id, or it is revoked already. */
  revoke(id: string, actor: string): Promise<boolean> {
    return revoke(this.#audit, { table: 'agents', id, actor, time: this.#now() });
  }

  /** Ids that were revoked since a time (milliseconds since the epoch) and still are. */
  async revokedSince(since: number): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('agents')
      .select('id')
      .where('revoked', '>=', new Date(since).toISOString())
      .execute();
    return rows.map(({ id }) => id);
  }

  #now(): string {
    return new Date(this.#clock()).toISOString();
  }
}
