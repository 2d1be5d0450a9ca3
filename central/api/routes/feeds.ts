import * as z from 'zod';
import { actorOf, type Principal } from '../../access/principal.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { CentralError } from '../../errors.ts';
import type { Feeds } from '../../feed/feeds.ts';
import { doneAnswer, noQuery, pageRows } from '../queries.ts';
import { Refused } from '../refused.ts';
import { type Route, route } from '../route.ts';

/** Dead letters that one request names. */
const MAX_POSITIONS = 500;
/** Characters of a feed's name; that of a file is its path. */
const MAX_NAME = 512;
const position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export interface FeedRouteParts {
  readonly feeds: Feeds;
  readonly audit: AuditLog;
}

const feedParams = z.strictObject({ name: z.string().min(1).max(MAX_NAME) });
const lettersBody = z.strictObject({
  positions: z
    .array(z.number().int().min(0))
    .min(1)
    .max(MAX_POSITIONS)
    .nullable()
    .describe('Positions of the alerts; null for all dead letters of the feed.'),
});
const refusals = {
  404: 'There is no such feed.',
  409: "The feed's receiver does not take them now, or another node runs the feed.",
} as const;

async function ofFeed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    throw error.code === 'CENTRAL_FEED_UNKNOWN'
      ? new Refused(404, 'there is no such feed')
      : new Refused(409, error.message, { code: 'feed-failing' });
  }
}

function lookRoutes(feeds: Feeds): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/feeds',
      permission: 'read',
      summary: 'Feeds: how far each is, and how it fares.',
      query: noQuery,
      answer: z.object({
        feeds: z.array(
          z.object({
            name: z.string(),
            type: z.string(),
            failing: z.boolean().nullable().describe('Null where another node runs the feed, or none.'),
            position: z.number().int(),
            lag_alerts: z.number().int().describe('Alerts behind its position.'),
            lag_seconds: z.number().describe('Age of the oldest of them.'),
            delivered: z
              .number()
              .int()
              .nullable()
              .describe('Since the node began that runs the feed; null on others.'),
            dead_letters: z.number().int(),
            last_error: z.string().nullable(),
          }),
        ),
      }),
      handle: async () => ({
        feeds: (await feeds.status()).map(({ lagAlerts, lagSeconds, deadLetters, run, ...feed }) => ({
          ...feed,
          failing: run?.failing ?? null,
          delivered: run?.delivered ?? null,
          lag_alerts: lagAlerts,
          lag_seconds: lagSeconds,
          dead_letters: deadLetters,
          last_error: run?.lastError ?? null,
        })),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/feeds/:name/dead-letters',
      permission: 'read',
      summary: 'Alerts that the receiver of a feed refuses for good, the oldest first.',
      query: z.strictObject({
        after: position.default(0).describe('The last position of an earlier answer.'),
        limit: pageRows,
      }),
      params: feedParams,
      answer: z.object({
        dead_letters: z.array(
          z.object({
            feed: z.string(),
            position: z.number().int(),
            alert: z.string(),
            time: z.string(),
            reason: z.string(),
          }),
        ),
      }),
      refusals,
      handle: async ({ params: { name }, query: { after, limit } }) => ({
        dead_letters: await ofFeed(() => feeds.deadLetters(name, after, limit)),
      }),
    }),
  ];
}

/** Feeds, to look at, and what becomes of their dead letters. */
export function feedRoutes({ feeds, audit }: FeedRouteParts): readonly Route[] {
  const note = (
    who: Principal,
    verb: string,
    feed: string,
    detail: Readonly<Record<string, number | null>>,
  ) => audit.append({ actor: actorOf(who), action: `dead-letters.${verb}`, subject: feed, detail });
  const replay = route({
    method: 'POST',
    path: '/api/v1/feeds/:name/dead-letters/replay',
    permission: 'administer',
    summary: 'Sends dead letters of a feed again.',
    query: noQuery,
    params: feedParams,
    body: lettersBody,
    answer: z.object({ delivered: z.number().int(), refused: z.number().int(), gone: z.number().int() }),
    refusals,
    handle: async ({ params: { name }, body: { positions }, principal }) => {
      const replayed = await ofFeed(() => feeds.replay(name, positions));
      await note(principal, 'replay', name, { ...replayed });
      return replayed;
    },
  });
  const discard = route({
    method: 'POST',
    path: '/api/v1/feeds/:name/dead-letters/discard',
    permission: 'administer',
    summary: 'Gives dead letters of a feed up.',
    query: noQuery,
    params: feedParams,
    body: lettersBody,
    answer: doneAnswer,
    refusals,
    handle: async ({ params: { name }, body: { positions }, principal }) => {
      await ofFeed(() => feeds.discard(name, positions));
      await note(principal, 'discard', name, { count: positions?.length ?? null });
      return { done: true };
    },
  });
  return [...lookRoutes(feeds), replay, discard];
}
