import type { Readable } from 'node:stream';
import type * as z from 'zod';
import type { Principal } from '../access/principal.ts';
import type { Permission } from '../access/role.ts';
import type { SetCookie } from './cookies.ts';
import { type RefusalStatus, Refused } from './refused.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What one request asks, parsed. */
export interface Call<Q, P, B> {
  readonly query: Q;
  readonly params: P;
  readonly body: B;
  /** Anonymous where the route is public. */
  readonly principal: Principal;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly address: string;
  /** The `If-Match` header as it came. */
  readonly ifMatch: string | undefined;
}

interface AnsweredMore {
  /** 200 where absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly SetCookie[];
}

/** An answer that is no plain JSON value. */
export class Answered {
  readonly body: string | Readable;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly SetCookie[];

  constructor(body: string | Readable, { status = 200, headers = {}, cookies = [] }: AnsweredMore) {
    this.body = body;
    this.status = status;
    this.headers = headers;
    this.cookies = cookies;
  }
}

/** One route as it is written down. Who may use it has to be said: there is no default. */
export interface RouteSpec<Q extends z.ZodType, P extends z.ZodType, B extends z.ZodType> {
  readonly method: Method;
  /** As fastify writes it: `/api/v1/alerts/:id`. */
  readonly path: string;
  readonly permission: Permission | 'public';
  readonly summary: string;
  readonly query: Q;
  readonly params?: P;
  /** Body as JSON; a route without one takes none. */
  readonly body?: B;
  /** Bytes of the body, where it may be longer than bodies are. */
  readonly maxBodyBytes?: number;
  /** Whether its answers carry an `ETag` that an `If-Match` of a change may name; for the document. */
  readonly tagged?: 'answers' | 'takes and answers';
  /** Schema of the JSON answer, or the media type of another. */
  readonly answer: z.ZodType | string;
  /** What else than 200 the route itself answers, beside what every route may. */
  readonly refusals?: Readonly<Partial<Record<RefusalStatus, string>>>;
  readonly handle: (call: Call<z.infer<Q>, z.infer<P>, z.infer<B>>) => Promise<unknown>;
}

/** A request before it is parsed. */
export interface RawCall {
  readonly query: unknown;
  readonly params: unknown;
  readonly body: unknown;
  readonly principal: Principal;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly address: string;
  /** The `If-Match` header as it came. */
  readonly ifMatch: string | undefined;
}

/** A route with its types closed, as the app and the OpenAPI document see it. */
export interface Route extends Omit<RouteSpec<z.ZodType, z.ZodType, z.ZodType>, 'handle'> {
  readonly handle: (call: RawCall) => Promise<unknown>;
}

function parsed<T extends z.ZodType>(schema: T, value: unknown, code: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join('.');
  throw new Refused(400, `${where ? `${where}: ` : ''}${issue?.message ?? 'is not valid'}`, { code });
}

/** Closes a route: what it is asked is parsed before its handler sees it. @throws {Refused} from `handle` */
export function route<
  Q extends z.ZodType,
  P extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Q, P, B>): Route {
  return {
    ...spec,
    handle: async ({ query, params, body, ...rest }) =>
      await spec.handle({
        ...rest,
        query: parsed(spec.query, query, 'bad-query'),
        params: (spec.params === undefined
          ? undefined
          : parsed(spec.params, params, 'bad-path')) as z.infer<P>,
        body: (spec.body === undefined ? undefined : parsed(spec.body, body, 'bad-body')) as z.infer<B>,
      }),
  };
}
