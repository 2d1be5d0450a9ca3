import type { Kysely } from 'kysely';
import * as z from 'zod';
import { serverSchema } from '../../../wire/index.ts';
import { pageOfClosures } from '../../fleet/closures.ts';
import { pageOfServers } from '../../fleet/servers.ts';
import type { Schema } from '../../store/schema.ts';
import { decodeKey, encodeKey } from '../keys.ts';
import { filterText, nextKey, pageKey, pageRows } from '../queries.ts';
import { type Route, route } from '../route.ts';

const filters = {
  name: filterText.optional().describe('Name of the server, exact.'),
  client: filterText.optional().describe('Client of the server.'),
  state: filterText.optional().describe('State of its approval.'),
} as const;
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const serverAnswer = z.object({
  ...serverSchema.unwrap().shape,
  agent: z.string(),
  host: z.string(),
  updated: z.iso.datetime(),
});
const closureAnswer = z.object({
  digest: z.string(),
  names: z.array(z.string()),
  clients: z.array(z.string()),
  states: z.array(z.string()),
  hosts: z.number().int(),
  servers: z.number().int(),
  first_seen: z.string(),
  last_seen: z.string(),
});

async function serversPage(
  db: Kysely<Schema>,
  { since, limit, ...filter }: Readonly<{ since?: string | undefined; limit: number; digest?: string }>,
) {
  const [agent = '', id = ''] = decodeKey(since, 2);
  const page = await pageOfServers(db, { agent, id }, filter, limit);
  const last = page.at(-1);
  const servers = page.map((record) => ({
    ...JSON.parse(record.body),
    agent: record.agent,
    host: record.host,
    updated: record.updated,
  }));
  return { servers, next: last === undefined ? null : encodeKey(last.agent, last.id) };
}

/** Servers and closures of the fleet. */
export function serverRoutes(db: Kysely<Schema>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/servers',
      permission: 'read',
      summary: 'MCP servers of every host.',
      query: z.strictObject({
        since: pageKey,
        host: filterText.optional().describe('Host of the agent, exact.'),
        agent: filterText.optional().describe('Id of the agent.'),
        ...filters,
        limit: pageRows,
      }),
      answer: z.object({ servers: z.array(serverAnswer), next: nextKey }),
      handle: async ({ query }) => await serversPage(db, query),
    }),
    route({
      method: 'GET',
      path: '/api/v1/closures',
      permission: 'read',
      summary: 'Closures of the fleet: what is the same on how many hosts.',
      query: z.strictObject({ since: pageKey, ...filters, limit: pageRows }),
      answer: z.object({ closures: z.array(closureAnswer), next: nextKey }),
      handle: async ({ query: { since, limit, ...filter } }) => {
        const [after = ''] = decodeKey(since, 1);
        const closures = await pageOfClosures(db, after, filter, limit);
        const last = closures.at(-1);
        return { closures, next: last === undefined ? null : encodeKey(last.digest) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/closures/:digest',
      permission: 'read',
      summary: 'The servers that are made of a closure, host by host.',
      query: z.strictObject({ since: pageKey, limit: pageRows }),
      params: z.strictObject({ digest }),
      answer: z.object({ servers: z.array(serverAnswer), next: nextKey }),
      handle: async ({ query, params }) => await serversPage(db, { ...query, ...params }),
    }),
  ];
}
