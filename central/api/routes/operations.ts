import * as z from 'zod';
import type { Feeds } from '../../feed/feeds.ts';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../store/store.ts';
import { noQuery } from '../queries.ts';
import { Answered, type Route, route } from '../route.ts';

export interface OperationParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly feeds: Feeds;
}

function healthRoute({ store, feeds }: OperationParts): Route {
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
      const { failing } = feeds;
      const health = {
        status: database,
        database,
        feed: failing === null ? 'off' : failing ? 'failing' : 'ok',
      };
      if (database === 'ok') return health;
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      return new Answered(JSON.stringify(health), { status: 503, headers });
    },
  });
}

function metricsRoute({ metrics }: OperationParts): Route {
  return route({
    method: 'GET',
    path: '/metrics',
    permission: 'read',
    summary: 'Counters, gauges and histograms for Prometheus.',
    query: noQuery,
    answer: 'text/plain',
    handle: async () =>
      new Answered(await metrics.text(), {
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      }),
  });
}

/** What monitoring asks for. */
export function operationRoutes(parts: OperationParts): readonly Route[] {
  return [healthRoute(parts), metricsRoute(parts)];
}
