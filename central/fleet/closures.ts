import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** Different names, clients or states that are told of one closure. */
const MAX_VALUES = 50;

/** The same closure wherever it is. */
export interface FleetClosure {
  readonly digest: string;
  readonly names: readonly string[];
  readonly clients: readonly string[];
  readonly states: readonly string[];
  /** Hosts that have it. */
  readonly hosts: number;
  /** Servers that are made of it; a host may have several. */
  readonly servers: number;
  readonly first_seen: string;
  /** When a host that has it was last heard from. */
  readonly last_seen: string;
}

/** What closures are asked for; all that is given must hold for at least one server. */
export interface ClosureFilter {
  readonly digest?: string | undefined;
  readonly name?: string | undefined;
  readonly client?: string | undefined;
  readonly state?: string | undefined;
}

async function valuesOf(
  db: Kysely<Schema>,
  digests: readonly string[],
  column: 'name' | 'client' | 'state',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  if (digests.length === 0) return found;
  const rows = await db
    .selectFrom('servers')
    .select(['digest', `${column} as value`])
    .distinct()
    .where('digest', 'in', digests)
    .orderBy('digest')
    .orderBy('value')
    .limit(digests.length * MAX_VALUES)
    .execute();
  for (const { digest, value } of rows) {
    const values = found.get(digest) ?? [];
    if (values.length < MAX_VALUES) values.push(value);
    found.set(digest, values);
  }
  return found;
}

/** Closures of the whole fleet by digest, `rows` of them behind `after`. */
export async function pageOfClosures(
  db: Kysely<Schema>,
  after: string,
  filter: ClosureFilter,
  rows: number,
): Promise<readonly FleetClosure[]> {
  let matching = db.selectFrom('servers').select('digest').where('digest', '>', after);
  for (const column of ['digest', 'name', 'client', 'state'] as const) {
    const value = filter[column];
    if (value !== undefined) matching = matching.where(column, '=', value);
  }
  const page = await db
    .selectFrom('servers')
    .innerJoin('agents', 'agents.id', 'servers.agent')
    .select('digest')
    .select(({ fn }) => [
      fn.count<number>('servers.agent').distinct().as('hosts'),
      fn.countAll<number>().as('servers'),
      fn.min('servers.first_seen').as('first_seen'),
      fn.max('agents.last_seen').as('last_seen'),
    ])
    .where('digest', 'in', matching)
    .groupBy('digest')
    .orderBy('digest')
    .limit(rows)
    .execute();
  const digests = page.map(({ digest }) => digest);
  const names = await valuesOf(db, digests, 'name');
  const clients = await valuesOf(db, digests, 'client');
  const states = await valuesOf(db, digests, 'state');
  return page.map(({ digest, hosts, servers, first_seen, last_seen }) => ({
    digest,
    names: names.get(digest) ?? [],
    clients: clients.get(digest) ?? [],
    states: states.get(digest) ?? [],
    hosts: Number(hosts),
    servers: Number(servers),
    first_seen,
    last_seen,
  }));
}
