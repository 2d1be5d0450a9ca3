import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Feeds } from '../feed/feeds.ts';
import { MAX_PAGE_BYTES } from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import type { HostGuard } from './host-guard.ts';
import { openApiDocument } from './openapi.ts';
import { decodeSince, encodeCursor, QUERIES } from './queries.ts';

/** Milliseconds that a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 10_000;
const JSON_TYPE = 'application/json; charset=utf-8';

export interface ApiParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly version: string;
  readonly allowsHost: HostGuard;
  readonly sessions: () => number;
  readonly feeds: Feeds;
}

/** A request that is refused; `code` is what the answer carries. */
class Refused extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

function queryOf<T extends z.ZodType>(schema: T, request: FastifyRequest): z.infer<T> {
  const parsed = schema.safeParse(request.query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.');
  throw new Refused(
    400,
    'bad-query',
    `${where ? `${where}: ` : ''}${issue?.message ?? 'query is not valid'}`,
  );
}

/** Keys of a page that are no plain numbers travel as base64url of their parts as JSON. */
function encodeKey(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decodeKey(text: string | undefined, count: number): readonly string[] {
  if (text === undefined) return Array.from({ length: count }, () => '');
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === count && parts.every((part) => typeof part === 'string')) {
      return parts;
    }
  } catch {
    // Falls through to the refusal below.
  }
  throw new Refused(400, 'bad-query', 'since: is not the next of an earlier answer');
}

function addAlerts(app: FastifyInstance, store: Store): void {
  app.get('/api/v1/alerts', async (request, reply) => {
    const { since, name, host, limit } = queryOf(QUERIES.alerts, request);
    const start = (since === undefined ? null : decodeSince(since)) ?? { position: 0, notBefore: null };
    if (start.position > 0 && start.position > (await store.newestPosition())) {
      throw new Refused(400, 'unknown-cursor', 'since: this cursor was not given by this database');
    }
    const notBefore = start.notBefore === null ? undefined : new Date(start.notBefore).toISOString();
    const page = await store.pageOfAlerts(
      { after: start.position, notBefore, name, host },
      { rows: limit, bytes: MAX_PAGE_BYTES },
    );
    const last = page.at(-1);
    const next = last === undefined ? null : encodeCursor({ ...start, position: last.position });
    // Bodies are JSON already; parsing them only to print them again would double the work.
    const bodies = page.map((record) => record.body).join(',');
    return reply.type(JSON_TYPE).send(`{"alerts":[${bodies}],"next":${JSON.stringify(next)}}`);
  });
}

function addFleet(app: FastifyInstance, store: Store): void {
  app.get('/api/v1/servers', async (request) => {
    const { since, host, limit } = queryOf(QUERIES.servers, request);
    const [agent = '', id = ''] = decodeKey(since, 2);
    const page = await store.pageOfServers({ agent, id }, host, limit);
    const last = page.at(-1);
    const servers = page.map((record) => ({
      ...JSON.parse(record.body),
      agent: record.agent,
      host: record.host,
      updated: record.updated,
    }));
    return { servers, next: last === undefined ? null : encodeKey(last.agent, last.id) };
  });
  app.get('/api/v1/hosts', async (request) => {
    const { since, limit } = queryOf(QUERIES.hosts, request);
    const [after = ''] = decodeKey(since, 1);
    const hosts = await store.pageOfAgents(after, limit);
    const last = hosts.at(-1);
    return { hosts, next: last === undefined ? null : encodeKey(last.id) };
  });
}

function addOperations(app: FastifyInstance, parts: ApiParts): void {
  app.get('/healthz', async (request, reply) => {
    queryOf(QUERIES.none, request);
    const database = await parts.store.check().then(
      () => 'ok' as const,
      () => 'failing' as const,
    );
    const { failing } = parts.feeds;
    return reply.code(database === 'ok' ? 200 : 503).send({
      status: database,
      database,
      feed: failing === null ? 'off' : failing ? 'failing' : 'ok',
    });
  });
  app.get('/metrics', async (request, reply) => {
    queryOf(QUERIES.none, request);
    const text = parts.metrics.text({
      sessions: parts.sessions(),
      alertPosition: await parts.store.newestPosition(),
      feeds: await parts.feeds.status(),
      searchLag: await parts.store.searchLag(),
    });
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
  const document = openApiDocument(parts.version);
  app.get('/api/v1/openapi.json', async (request) => {
    queryOf(QUERIES.none, request);
    return document;
  });
}

/** The read-only HTTP API. Not yet listening. */
export function buildApi(parts: ApiParts): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: 1,
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    if (!parts.allowsHost(request.headers.host)) {
      throw new Refused(421, 'wrong-host', 'the Host header does not name this loopback address');
    }
  });
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ code: 'not-found', message: 'there is no such route' }),
  );
  app.setErrorHandler(async (error, request, reply) => {
    const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
    if (typeof status === 'number' && status < 500) {
      const code = error instanceof Refused ? error.code : 'bad-request';
      return reply.code(status).send({ code, message: describeError(error) });
    }
    parts.log.error('request failed', { url: request.url, error: describeError(error) });
    return reply.code(500).send({ code: 'internal', message: 'central failed to answer' });
  });
  addAlerts(app, parts.store);
  addFleet(app, parts.store);
  addOperations(app, parts);
  return app;
}
