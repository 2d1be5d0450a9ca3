import * as z from 'zod';
import { lowestRole } from '../access/role.ts';
import { type Route, route } from './route.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const fault = z.object({ code: z.string(), message: z.string() });

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}

function parametersOf(schema: z.ZodType | undefined, place: 'query' | 'path'): readonly JsonObject[] {
  if (schema === undefined) return [];
  const { properties } = schemaOf(schema, 'input') as { properties?: Record<string, JsonObject> };
  return Object.entries(properties ?? {}).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path',
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

const IF_MATCH = {
  name: 'if-match',
  in: 'header',
  required: false,
  description: 'The ETag as it was answered; 412 where it is another now.',
  schema: { type: 'string' },
} as const;
const TAG = { etag: { description: 'Stands for this state.', schema: { type: 'string' } } } as const;

const json = (schema: z.ZodType, io: 'input' | 'output' = 'output') => ({
  'application/json': { schema: schemaOf(schema, io) },
});
const refusal = (description: string) => ({ description, content: json(fault) });

function operationOf(route: Route): JsonObject {
  const { permission, summary, query, params, body, answer, tagged, refusals = {} } = route;
  const isPublic = permission === 'public';
  const content = typeof answer === 'string' ? { [answer]: { schema: { type: 'string' } } } : json(answer);
  const own = Object.entries(refusals).map(([status, text]) => [status, refusal(text)] as const);
  return {
    summary: isPublic ? summary : `${summary} Needs the role ${lowestRole(permission)} or a higher one.`,
    security: isPublic ? [] : [{ token: [] }, { login: [] }],
    parameters: [
      ...parametersOf(params, 'path'),
      ...parametersOf(query, 'query'),
      ...(tagged === 'takes and answers' ? [IF_MATCH] : []),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body, 'input') } }),
    responses: {
      200: { description: 'The answer.', content, ...(tagged === undefined ? {} : { headers: TAG }) },
      400: refusal('The request is not what this route takes.'),
      ...(isPublic
        ? {}
        : {
            401: refusal('No token or login, or one that does not hold.'),
            403: refusal('The role is too low, or a page of another site asks.'),
            429: refusal('Too many credentials of this address did not hold.'),
          }),
      421: refusal('Central listens on loopback and the Host header names something else.'),
      ...Object.fromEntries(own),
    },
  };
}

/** The OpenAPI 3.1 document of every route, made of the schemas that the routes use. */
function documentOf(version: string, routes: readonly Route[], loginCookie: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const one of routes) {
    const path = one.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operationOf(one) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sealwatch central', version, description: 'Alerts, servers and hosts of a fleet.' },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: loginCookie,
          description: 'A login by OpenID Connect.',
        },
      },
    },
    paths,
  };
}

/** The route of the document, itself part of it. */
export function openApiRoute(version: string, routes: readonly Route[], loginCookie: string): Route {
  const own: Route = route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    permission: 'public',
    summary: 'This document.',
    query: z.strictObject({}),
    answer: z.record(z.string(), z.unknown()),
    handle: async () => document,
  });
  const document = documentOf(version, [...routes, own], loginCookie);
  return own;
}
