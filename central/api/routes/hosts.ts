import type { Kysely } from 'kysely';
import * as z from 'zod';
import { BUNDLE_KINDS, BUNDLE_STATES } from '../../../wire/index.ts';
import { actorOf } from '../../access/principal.ts';
import { pageOfHosts } from '../../fleet/hosts.ts';
import type { IdentityDesk } from '../../identity/identity.ts';
import { AGENT_STATES, type Schema } from '../../store/schema.ts';
import { decodeKey, encodeKey } from '../keys.ts';
import { doneAnswer, nextKey, noQuery, pageKey, pageRows } from '../queries.ts';
import { Refused } from '../refused.ts';
import { type Route, route } from '../route.ts';

const hostAnswer = z.object({
  id: z.string(),
  host: z.string(),
  os: z.string(),
  version: z.string(),
  first_seen: z.iso.datetime(),
  last_seen: z.iso.datetime(),
  last_seq: z.number().int(),
  state: z.enum(AGENT_STATES),
  group: z.string().describe('Group that its enrolment token named; empty for none.'),
  revoked: z.string().nullable(),
  cloned: z.string().nullable().describe('When a second machine was seen with its identity.'),
  waiting: z.number().int().describe('Alerts that it holds unacknowledged.'),
  health: z.array(z.object({ collector: z.string(), state: z.string(), detail: z.string() })),
  lost: z.record(z.string(), z.number()).describe('What was lost, by stage.'),
  bundles: z
    .array(
      z.object({
        kind: z.enum(BUNDLE_KINDS),
        version: z.number().int(),
        state: z.enum(BUNDLE_STATES),
        code: z.string().nullable(),
        message: z.string(),
        changed: z.string(),
      }),
    )
    .describe('What became of the bundles that it was offered last, one of a kind.'),
});

const hostParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/) });

function lookRoutes(db: Kysely<Schema>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/hosts',
      permission: 'read',
      summary: 'Hosts whose agent has connected or enrolled.',
      query: z.strictObject({
        since: pageKey,
        state: z.enum(AGENT_STATES).optional(),
        group: z.string().max(255).optional().describe('Group, exact; empty for hosts of none.'),
        limit: pageRows,
      }),
      answer: z.object({ hosts: z.array(hostAnswer), next: nextKey }),
      handle: async ({ query: { since, limit, ...filter } }) => {
        const [after = ''] = decodeKey(since, 1);
        const hosts = await pageOfHosts(db, after, filter, limit);
        const last = hosts.at(-1);
        return { hosts, next: last === undefined ? null : encodeKey(last.id) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/hosts/:id',
      permission: 'read',
      summary: 'One host.',
      query: noQuery,
      params: hostParams,
      answer: hostAnswer,
      refusals: { 404: 'There is no such host.' },
      handle: async ({ params }) => {
        const [host] = await pageOfHosts(db, '', params, 1);
        if (host === undefined) throw new Refused(404, 'there is no such host');
        return host;
      },
    }),
  ];
}

/** Hosts of the fleet. */
export function hostRoutes(db: Kysely<Schema>, identity: IdentityDesk): readonly Route[] {
  const revoke = route({
    method: 'POST',
    path: '/api/v1/hosts/:id/revoke',
    permission: 'administer',
    summary: 'Takes the identity of a host away; its connection ends at once.',
    query: noQuery,
    params: hostParams,
    answer: doneAnswer,
    refusals: { 404: 'There is no such host, or it is revoked already.' },
    handle: async ({ params: { id }, principal }) => {
      if (await identity.revokeAgent(id, actorOf(principal))) return { done: true };
      throw new Refused(404, 'there is no such host, or it is revoked already');
    },
  });
  return [...lookRoutes(db), revoke];
}
