import type { Kysely, Selectable } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** What servers are asked for; all that is given must hold. */
export interface ServerFilter {
  readonly host?: string | undefined;
  readonly agent?: string | undefined;
  readonly name?: string | undefined;
  readonly client?: string | undefined;
  readonly state?: string | undefined;
  readonly digest?: string | undefined;
}

export type ServerRecord = Pick<Selectable<Schema['servers']>, 'agent' | 'id' | 'updated' | 'body'> & {
  readonly host: string;
};

/** Servers of every host by (agent, id), `rows` of them behind `after`. */
export async function pageOfServers(
  db: Kysely<Schema>,
  after: { readonly agent: string; readonly id: string },
  filter: ServerFilter,
  rows: number,
): Promise<readonly ServerRecord[]> {
  let query = db
    .selectFrom('servers')
    .innerJoin('agents', 'agents.id', 'servers.agent')
    .select(['servers.agent', 'agents.host', 'servers.id', 'servers.updated', 'servers.body'])
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('servers.agent', 'servers.id'), '>', tuple(after.agent, after.id)),
    );
  if (filter.host !== undefined) query = query.where('agents.host', '=', filter.host);
  for (const column of ['agent', 'name', 'client', 'state', 'digest'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(`servers.${column}`, '=', value);
  }
  return await query.orderBy('servers.agent').orderBy('servers.id').limit(rows).execute();
}
