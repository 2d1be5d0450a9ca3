import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type Finding, type Server, serverSchema } from '../../wire/index.ts';
import type { Schema } from '../store/schema.ts';

/** States of servers that somebody should decide about. */
const OPEN_STATES = ['pending', 'drifted', 'expired', 'invalid'];
/** Different servers in the queue; the rest shows once these are decided. */
const MAX_ASKS = 10_000;
/** Hosts of one ask whose servers are read, and that are named. */
const MAX_HOSTS = 200;

/** One server as one closure, which hosts ask to run. */
export interface Ask {
  readonly id: string;
  readonly client: string;
  readonly name: string;
  /** Of its closure, which names paths relative to the home: the same on all hosts. */
  readonly digest: string;
  /** How many servers of hosts are it. */
  readonly servers: number;
  readonly first_seen: string;
  /** Why somebody turned it down; null while nobody did. */
  readonly rejected: { readonly by: string; readonly reason: string } | null;
}

/** A server of one host that is part of an ask. */
export interface AskingServer {
  readonly agent: string;
  readonly host: string;
  readonly group: string;
  readonly server: Server;
}

/** An ask with who asks. */
export interface AskDetail extends Ask {
  readonly asking: readonly AskingServer[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Of all of them, each once. */
  readonly findings: readonly Finding[];
}

type Key = Pick<Ask, 'client' | 'name' | 'digest'>;

function askId({ client, name, digest }: Key): string {
  return createHash('sha256')
    .update(JSON.stringify([client, name, digest]))
    .digest('hex')
    .slice(0, 32);
}

/** What the hosts of a fleet ask to run, each once. */
export class ApprovalQueue {
  readonly #db: Kysely<Schema>;
  readonly #clock: () => number;

  constructor(db: Kysely<Schema>, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  /** What waits, the most asked for first; 10,000 at the most. */
  async list(): Promise<readonly Ask[]> {
    const rows = await this.#db
      .selectFrom('servers')
      .select(['client', 'name', 'digest', ({ fn }) => fn.countAll<number | string>().as('servers')])
      .where('state', 'in', OPEN_STATES)
      .where('digest', '!=', '')
      .groupBy(['client', 'name', 'digest'])
      .orderBy('servers', 'desc')
      .orderBy('client')
      .orderBy('name')
      .orderBy('digest')
      .limit(MAX_ASKS)
      .execute();
    const asked = rows.map((row) => ({ ...row, id: askId(row), servers: Number(row.servers) }));
    const kept = await this.#kept(asked.map(({ id }) => id));
    return asked.map((ask) => {
      const { first_seen, rejected_by, reason } = kept.get(ask.id) ?? NOT_KEPT;
      return {
        ...ask,
        first_seen,
        rejected: rejected_by === null ? null : { by: rejected_by, reason: reason ?? '' },
      };
    });
  }

  /** One ask with who asks; null where nobody does any more. */
  async find(id: string): Promise<AskDetail | null> {
    const ask = (await this.list()).find((one) => one.id === id);
    if (ask === undefined) return null;
    const asking = await this.#asking(ask);
    const findings = new Map(
      asking.flatMap(({ server }) => server.findings.map((found) => [found.id, found])),
    );
    return {
      ...ask,
      asking,
      users: unique(asking.map(({ server }) => server.user)),
      groups: unique(asking.map(({ group }) => group)),
      findings: [...findings.values()],
    };
  }

  /** Keeps that somebody turned an ask down; it stays what it is on the hosts. */
  async reject(
    id: string,
    reason: string,
    { actor, db }: { readonly actor: string; readonly db: Kysely<Schema> },
  ): Promise<void> {
    await db.updateTable('asks').set({ rejected_by: actor, reason }).where('id', '=', id).execute();
  }

  /** A server of this name that some host runs approved; null where there is none. */
  async approvedServer({ client, name }: Key): Promise<Server | null> {
    const row = await this.#db
      .selectFrom('servers')
      .select('body')
      .where('client', '=', client)
      .where('name', '=', name)
      .where('state', '=', 'approved')
      .orderBy('updated', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : serverSchema.parse(JSON.parse(row.body));
  }

  async #asking({ client, name, digest }: Key): Promise<readonly AskingServer[]> {
    const rows = await this.#db
      .selectFrom('servers')
      .innerJoin('agents', 'agents.id', 'servers.agent')
      .select(['servers.agent', 'agents.host', 'agents.grp', 'servers.body'])
      .where('servers.client', '=', client)
      .where('servers.name', '=', name)
      .where('servers.digest', '=', digest)
      .where('servers.state', 'in', OPEN_STATES)
      .orderBy('servers.agent')
      .orderBy('servers.id')
      .limit(MAX_HOSTS)
      .execute();
    return rows.map(({ agent, host, grp, body }) => ({
      agent,
      host,
      group: grp,
      server: serverSchema.parse(JSON.parse(body)),
    }));
  }

  /** What is kept of asks; those that are new are kept as seen now. */
  async #kept(ids: readonly string[]): Promise<ReadonlyMap<string, KeptAsk>> {
    const rows = await this.#db.selectFrom('asks').selectAll().execute();
    const kept = new Map<string, KeptAsk>(rows.map((row) => [row.id, row]));
    const first_seen = new Date(this.#clock()).toISOString();
    for (const id of ids) {
      if (kept.has(id)) continue;
      const row = { id, first_seen, rejected_by: null, reason: null };
      kept.set(id, row);
      await this.#db
        .insertInto('asks')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    return kept;
  }
}

interface KeptAsk {
  readonly first_seen: string;
  readonly rejected_by: string | null;
  readonly reason: string | null;
}
const NOT_KEPT: KeptAsk = { first_seen: '', rejected_by: null, reason: null };

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
