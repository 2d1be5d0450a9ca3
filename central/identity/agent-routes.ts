import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { agentSchema } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { Attempts } from './attempts.ts';
import type { Authority, Issued } from './authority.ts';
import { MAX_REQUEST_CHARS } from './certificate-request.ts';
import type { Credentials } from './credentials.ts';
import type { Enrolment } from './enrolment.ts';
import { IdentityRefusal, type IdentityRefusalCode } from './refusal.ts';

/** Characters of the secret of a token. */
const MAX_TOKEN_CHARS = 256;

const csr = z.string().max(MAX_REQUEST_CHARS);
const enrolBody = z.object({ token: z.string().max(MAX_TOKEN_CHARS), csr, agent: agentSchema });
const renewBody = z.object({ csr, generation: z.string().max(64).nullable().default(null) });

export interface AgentRouteParts {
  readonly authority: Authority;
  readonly enrolment: Enrolment;
  readonly credentials: Credentials;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly clock: () => number;
}

function bodyOf<T extends z.ZodType>(schema: T, request: FastifyRequest): z.infer<T> {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  throw new IdentityRefusal('bad-request', 'the body is not what this route takes');
}

/** Faults of fastify itself, by HTTP status: a body over the limit, a broken one, another content type. */
function codeOfStatus(error: unknown): IdentityRefusalCode {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
  if (typeof status !== 'number' || status >= 500) return 'internal';
  return status === 413 ? 'too-large' : 'bad-request';
}

/** An agent of ours by its id, so that nobody behind the same address can keep it from renewing; everybody else by address. */
function clientName(request: FastifyRequest, credentials: Credentials): string {
  try {
    return `agent:${credentials.shown(request.raw.socket).agent}`;
  } catch {
    return request.ip;
  }
}

/** The routes that give certificates; every refusal is counted, and too many of one client are put off. */
export function addAgentRoutes(app: FastifyInstance, parts: AgentRouteParts): void {
  const { authority, enrolment, credentials, metrics, log, clock } = parts;
  const attempts = new Attempts(clock);
  const clientOf = (request: FastifyRequest) => clientName(request, credentials);
  const answer = ({ certificate, expires }: Issued) => ({
    certificate,
    ca: authority.certificate,
    expires: new Date(expires).toISOString(),
  });
  app.addHook('onRequest', async (request) => {
    if (!attempts.allows(clientOf(request))) throw new IdentityRefusal('too-many-requests', 'wait a minute');
  });
  app.setNotFoundHandler(async () => {
    throw new IdentityRefusal('not-found', 'there is no such route');
  });
  app.setErrorHandler(async (error, request: FastifyRequest, reply: FastifyReply) => {
    const refusal =
      error instanceof IdentityRefusal
        ? error
        : new IdentityRefusal(codeOfStatus(error), 'the request cannot be answered');
    metrics.count('sealwatch_central_credentials_refused_total', 1, refusal.code);
    if (refusal.code === 'internal')
      log.error('a request of an agent failed', { url: request.url, error: describeError(error) });
    else attempts.refused(clientOf(request));
    if (refusal.code === 'too-many-requests') reply.header('retry-after', '60');
    return reply.code(refusal.status).send({ code: refusal.code, message: refusal.message });
  });
  app.get('/v1/ca', async (_request, reply) =>
    reply.type('application/x-pem-file').send(authority.certificate),
  );
  app.post('/v1/enrol', async (request) => {
    const body = bodyOf(enrolBody, request);
    return answer(await enrolment.enrol(body.token, body.csr, body.agent));
  });
  app.post('/v1/renew', async (request) => {
    const shown = credentials.shown(request.raw.socket);
    const body = bodyOf(renewBody, request);
    return answer(await enrolment.renew(shown, body.csr, body.generation));
  });
}
