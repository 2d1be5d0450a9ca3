import * as z from 'zod';
import type { ApiTokens } from '../../access/api-tokens.ts';
import { actorOf } from '../../access/principal.ts';
import { ROLES } from '../../access/role.ts';
import { doneAnswer, noQuery } from '../queries.ts';
import { Refused } from '../refused.ts';
import { type Route, route } from '../route.ts';

const MS_PER_DAY = 86_400_000;
/** Days that an API token is good for at most. */
const MAX_DAYS = 366;
const DEFAULT_DAYS = 90;

const tokenAnswer = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  created: z.iso.datetime(),
  created_by: z.string(),
  expires: z.iso.datetime(),
  revoked: z.iso.datetime().nullable(),
});

/** Id of a secret in a path. */
export const secretParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/) });

/** Tokens with which programs use this API. */
export function tokenRoutes(tokens: ApiTokens): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/tokens',
      permission: 'administer',
      summary: 'API tokens, the newest first, without their secrets.',
      query: noQuery,
      answer: z.object({ tokens: z.array(tokenAnswer) }),
      handle: async () => ({ tokens: await tokens.list() }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/tokens',
      permission: 'administer',
      summary: 'Makes an API token; its text is in this answer and nowhere else.',
      query: noQuery,
      body: z.strictObject({
        name: z.string().trim().min(1).max(128),
        role: z.enum(ROLES),
        days: z.number().int().min(1).max(MAX_DAYS).default(DEFAULT_DAYS).describe('Days until it expires.'),
      }),
      answer: z.object({ ...tokenAnswer.shape, token: z.string() }),
      handle: async ({ body: { name, role, days }, principal }) =>
        await tokens.create({ name, role, lifeMs: days * MS_PER_DAY, actor: actorOf(principal) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/tokens/:id',
      permission: 'administer',
      summary: 'Revokes an API token at once.',
      query: noQuery,
      params: secretParams,
      answer: doneAnswer,
      refusals: { 404: 'There is no such token, or it is revoked already.' },
      handle: async ({ params: { id }, principal }) => {
        if (await tokens.revoke(id, actorOf(principal))) return { done: true };
        throw new Refused(404, 'there is no such token, or it is revoked already');
      },
    }),
  ];
}
