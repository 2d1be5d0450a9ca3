import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Principal } from '../access/principal.ts';
import { type CentralLog, describeError } from '../log.ts';
import { type AuthorisationParts, authorise } from './authorisation.ts';
import type { Cookies } from './cookies.ts';
import type { HostGuard } from './host-guard.ts';
import { openApiRoute } from './openapi.ts';
import { REFUSALS, Refused } from './refused.ts';
import { refuseDeepJson, refuseRepeatedHeaders } from './request-shape.ts';
import { Answered, JSON_TYPE, type Route } from './route.ts';

/** Milliseconds that a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Bytes of a request's body, where its route does not say otherwise. */
export const MAX_BODY_BYTES = 64 * 1024;
/** Characters of one part of a path. */
const MAX_PARAM_CHARACTERS = 512;

/** Sent with every answer: it is data, which no page may frame, run, or keep. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** PEM texts. */
export interface ApiTls {
  readonly cert: string;
  readonly key: string;
}

export interface ApiParts extends AuthorisationParts {
  readonly routes: readonly Route[];
  readonly log: CentralLog;
  readonly version: string;
  readonly allowsHost: HostGuard;
  /** Addresses of proxies whose word on the client's address counts. */
  readonly trustedProxies: readonly string[];
  /** Null for plain HTTP. */
  readonly tls: ApiTls | null;
}

/** The app, and every route that it answers. */
export interface Api {
  readonly app: FastifyInstance;
  readonly routes: readonly Route[];
}

function send(reply: FastifyReply, answer: unknown, { attributes }: Cookies): FastifyReply {
  if (!(answer instanceof Answered)) return reply.type(JSON_TYPE).send(JSON.stringify(answer));
  for (const { name, value, maxAgeS } of answer.cookies) {
    reply.setCookie(name, value, { ...attributes, maxAge: maxAgeS });
  }
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

function addRoute(app: FastifyInstance, route: Route, parts: ApiParts): void {
  const passed = new WeakMap<FastifyRequest, Principal>();
  app.route({
    method: route.method,
    url: route.path,
    ...(route.maxBodyBytes === undefined ? {} : { bodyLimit: route.maxBodyBytes }),
    config: { permission: route.permission },
    onRequest: async (request) => {
      passed.set(request, await authorise(request, route, parts));
    },
    handler: async (request, reply) => {
      const principal = passed.get(request);
      if (principal === undefined) throw new TypeError('a request reached its handler without being let in');
      const { query, params, body, cookies, ip } = request;
      const ifMatch = request.headers['if-match'];
      if (route.body === undefined && body !== undefined && body !== null) {
        throw new Refused(400, 'this route takes no body', { code: 'bad-body' });
      }
      return send(
        reply,
        await route.handle({ query, params, body, cookies, address: ip, principal, ifMatch }),
        parts.cookies,
      );
    },
  });
}

/** Nothing is answered that does not say who may ask. */
function refuseOpenRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const permission: unknown = config === undefined ? undefined : Reflect.get(config, 'permission');
    if (typeof permission !== 'string')
      throw new TypeError(`${String(method)} ${url} does not say who may ask`);
  });
}

function addRefusals(app: FastifyInstance, log: CentralLog): void {
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ code: REFUSALS[404], message: 'there is no such route' }),
  );
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof Refused) {
      const { statusCode, code, message, headers } = error;
      return reply.code(statusCode).headers(headers).send({ code, message });
    }
    const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const known: Readonly<Record<number, string>> = REFUSALS;
      return reply.code(status).send({ code: known[status] ?? REFUSALS[400], message: describeError(error) });
    }
    log.error('request failed', { route: request.routeOptions.url ?? '', error: describeError(error) });
    return reply.code(500).send({ code: 'internal', message: 'central failed to answer' });
  });
}

function takeJsonOnly(app: FastifyInstance): void {
  // Refuses keys that would reach an object's prototype.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    try {
      refuseDeepJson(String(text));
    } catch (error) {
      done(error instanceof Error ? error : new TypeError(String(error)));
      return;
    }
    void parse(request, String(text), done);
  });
}

/** Answers what is no HTTP, or took too long, before fastify sees it. */
function answerBrokenRequest(error: Error, socket: Socket): void {
  const isSlow = Reflect.get(error, 'code') === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = isSlow ? '408 Request Timeout' : '400 Bad Request';
  const body = JSON.stringify({
    code: REFUSALS[400],
    message: isSlow ? 'the request took too long' : 'this is no HTTP request',
  });
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** The HTTP API: every route of the table, each behind what it asks for. Not yet listening. */
export async function buildApi(parts: ApiParts): Promise<Api> {
  const { tls, trustedProxies, allowsHost } = parts;
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: answerBrokenRequest,
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    trustProxy: [...trustedProxies],
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    https: tls === null ? null : { ...tls, minVersion: 'TLSv1.2' },
  }) as unknown as FastifyInstance;
  await app.register(cookie);
  takeJsonOnly(app);
  app.addHook('onRequest', async ({ raw, headers }, reply) => {
    reply.headers(SECURITY_HEADERS);
    refuseRepeatedHeaders(raw);
    if (allowsHost(headers.host)) return;
    throw new Refused(421, 'the Host header does not name this loopback address');
  });
  addRefusals(app, parts.log);
  refuseOpenRoutes(app);
  const routes = [...parts.routes, openApiRoute(parts.version, parts.routes, parts.cookies.login)];
  for (const route of routes) addRoute(app, route, parts);
  return { app, routes };
}
