import * as z from 'zod';
import { ANSWERS } from './answers.ts';
import { QUERIES } from './queries.ts';

type JsonObject = Readonly<Record<string, unknown>>;

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}

function parametersOf(query: z.ZodType): readonly JsonObject[] {
  const { properties } = schemaOf(query, 'input') as { properties?: Record<string, JsonObject> };
  return Object.entries(properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

const json = (schema: z.ZodType) => ({ 'application/json': { schema: schemaOf(schema, 'output') } });
const fault = (description: string) => ({ description, content: json(ANSWERS.fault) });

function route(summary: string, query: z.ZodType, answer: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    get: {
      summary,
      parameters: parametersOf(query),
      responses: {
        200: { description: 'The answer.', content: answer },
        400: fault('A query parameter is wrong or unknown.'),
        421: fault('Central listens on loopback and the Host header names something else.'),
        ...more,
      },
    },
  };
}

/** The OpenAPI 3.1 document of every route, made of the schemas that the routes use. */
export function openApiDocument(version: string): JsonObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sealwatch central',
      version,
      description: 'Alerts, servers and hosts of a fleet, read-only.',
    },
    paths: {
      '/api/v1/alerts': route('Alerts, oldest commit first.', QUERIES.alerts, json(ANSWERS.alerts)),
      '/api/v1/servers': route('MCP servers of every host.', QUERIES.servers, json(ANSWERS.servers)),
      '/api/v1/hosts': route('Hosts whose agent has connected.', QUERIES.hosts, json(ANSWERS.hosts)),
      '/api/v1/openapi.json': route('This document.', QUERIES.none, {
        'application/json': { schema: { type: 'object' } },
      }),
      '/healthz': route('Whether central works.', QUERIES.none, json(ANSWERS.health), {
        503: { description: 'The database cannot be read.', content: json(ANSWERS.health) },
      }),
      '/metrics': route('Counters for Prometheus.', QUERIES.none, {
        'text/plain': { schema: { type: 'string' } },
      }),
    },
  };
}
