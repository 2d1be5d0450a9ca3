import * as z from 'zod';
import { actorOf } from '../../access/principal.ts';
import { MAX_COUNT } from '../../identity/enrolment-tokens.ts';
import type { IdentityDesk } from '../../identity/identity.ts';
import { HOUR_MS } from '../../limits.ts';
import { doneAnswer, noQuery } from '../queries.ts';
import { Refused } from '../refused.ts';
import { type Route, route } from '../route.ts';
import { secretParams } from './tokens.ts';

/** Hours that an enrolment token is good for at most: a year. */
const MAX_HOURS = 366 * 24;
const DEFAULT_HOURS = 24;
const MAX_GROUP = 255;

const tokenAnswer = z.object({
  id: z.string(),
  group: z.string(),
  uses_left: z.number().int(),
  created: z.iso.datetime(),
  created_by: z.string(),
  expires: z.iso.datetime(),
  revoked: z.iso.datetime().nullable(),
});

/** Tokens with which hosts enrol. */
export function enrolmentRoutes(identity: IdentityDesk): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/enrolment-tokens',
      permission: 'administer',
      summary: 'Enrolment tokens, the newest first, without their secrets.',
      query: noQuery,
      answer: z.object({ tokens: z.array(tokenAnswer) }),
      handle: async () => ({
        tokens: (await identity.listTokens()).map(
          ({ id, grp: group, uses_left, created, created_by, expires, revoked }) => ({
            ...{ id, group, uses_left, created, created_by, expires, revoked },
          }),
        ),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/enrolment-tokens',
      permission: 'administer',
      summary: 'Makes an enrolment token; its text is in this answer and nowhere else.',
      query: noQuery,
      body: z.strictObject({
        group: z.string().max(MAX_GROUP).default(''),
        count: z.number().int().min(1).max(MAX_COUNT).default(1).describe('Hosts that it enrols.'),
        hours: z
          .number()
          .int()
          .min(1)
          .max(MAX_HOURS)
          .default(DEFAULT_HOURS)
          .describe('Hours until it expires.'),
      }),
      answer: z.object({ id: z.string(), token: z.string() }),
      handle: async ({ body: { group, count, hours }, principal }) => {
        const wish = { group, count, expiresMs: hours * HOUR_MS, actor: actorOf(principal) };
        const { id, text } = await identity.createEnrolmentToken(wish);
        return { id, token: text };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/enrolment-tokens/:id',
      permission: 'administer',
      summary: 'Revokes an enrolment token at once; hosts that it enrolled stay.',
      query: noQuery,
      params: secretParams,
      answer: doneAnswer,
      refusals: { 404: 'There is no such token, or it is revoked already.' },
      handle: async ({ params: { id }, principal }) => {
        if (await identity.revokeToken(id, actorOf(principal))) return { done: true };
        throw new Refused(404, 'there is no such token, or it is revoked already');
      },
    }),
  ];
}
