import * as z from 'zod';
import type { FeedStatus } from '../../feed/jsonl.ts';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../store/store.ts';
import { noQuery } from '../queries.ts';
import { Answered, type Route, route } from '../route.ts';

export interface OperationParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly sessions: () => number;
  /** Null without a feed. */
  readonly feed: () => FeedStatus | null;
}

function healthRoute({ store, feed }: OperationParts): Route {
  return route({
    method: 'GET',
    path: '/healthz',
    permission: 'public',
    summary: 'Whether central works, in one word each.',
    query: noQuery,
    answer: z.object({
      status: z.enum(['ok', 'failing']),
      database: z.enum(['ok', 'failing']),
      feed: z.enum(['ok', 'failing', 'off']),
    }),
    refusals: { 503: 'The database cannot be read.' },
    handle: async () => {
      const database = await store.check().then(
        () => 'ok' as const,
        () => 'failing' as const,
      );
      const now = feed();
      const health = {
        status: database,
        database,
        feed: now === null ? 'off' : now.failing ? 'failing' : 'ok',
      };
      if (database === 'ok') return health;
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      return new Answered(JSON.stringify(health), { status: 503, headers });
    },
  });
}

function metricsRoute({ store, metrics, sessions, feed }: OperationParts): Route {
  return route({
    method: 'GET',
    path: '/metrics',
    permission: 'read',
    summary: 'Counters for Prometheus.',
    query: noQuery,
    answer: 'text/plain',
    handle: async () => {
      const text = metrics.text({
        sessions: sessions(),
        alertPosition: await store.newestPosition(),
        feedPosition: feed()?.position ?? null,
      });
      return new Answered(text, { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
    },
  });
}

/** What monitoring asks for. */
export function operationRoutes(parts: OperationParts): readonly Route[] {
  return [healthRoute(parts), metricsRoute(parts)];
}
