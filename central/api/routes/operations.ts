import * as z from 'zod';
import { ROLES } from '../../bus/settings.ts';
import type { Feeds } from '../../feed/feeds.ts';
import { type HealthParts, nodeHealth } from '../../health.ts';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../store/store.ts';
import { noQuery } from '../queries.ts';
import { Answered, JSON_TYPE, type Route, route } from '../route.ts';

export interface OperationParts {
  readonly store: Store;
  readonly node: HealthParts['node'];
  readonly metrics: Metrics;
  readonly feeds: Feeds;
}

const works = z.enum(['ok', 'failing']);

function healthRoute(parts: OperationParts): Route {
  return route({
    method: 'GET',
    path: '/healthz',
    permission: 'public',
    summary: 'Whether this node can do what its roles are (readiness), and what it lives on.',
    query: noQuery,
    answer: z.object({
      status: z
        .enum(['ok', 'degraded', 'failing'])
        .describe('`degraded`: every role works, and yet the database or the bus does not.'),
      database: works,
      bus: z.enum(['ok', 'failing', 'off']),
      feed: z.enum(['ok', 'failing', 'off']),
      roles: z.partialRecord(z.enum(ROLES), works).describe('Each role of this node.'),
    }),
    refusals: { 503: 'A role of this node does not work.' },
    handle: async () => {
      const health = await nodeHealth(parts);
      if (health.status !== 'failing') return health;
      const headers = { 'content-type': JSON_TYPE };
      return new Answered(JSON.stringify(health), { status: 503, headers });
    },
  });
}

/** A supervisor that restarted a node whose database is away would only make it worse: this asks nothing else. */
function lifeRoute(): Route {
  return route({
    method: 'GET',
    path: '/livez',
    permission: 'public',
    summary: 'Whether the process answers (liveness), whatever else works.',
    query: noQuery,
    answer: z.object({ status: z.literal('ok') }),
    handle: async () => ({ status: 'ok' }),
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
  return [healthRoute(parts), lifeRoute(), metricsRoute(parts)];
}
