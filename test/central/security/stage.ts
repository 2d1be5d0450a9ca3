import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ApiTokens } from '../../../central/access/api-tokens.ts';
import { Logins } from '../../../central/access/logins.ts';
import type { Role } from '../../../central/access/role.ts';
import { apiSettingsSchema } from '../../../central/access/settings.ts';
import type { Route } from '../../../central/api/route.ts';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { bundleSettings, type Central } from '../../../central/index.ts';
import { openStore } from '../../../central/store/store.ts';
import { candidate } from '../../approval/candidate.ts';
import { closedCentral } from '../api/callers.ts';
import { connect, deliver, workDirectory } from '../bench.ts';
import { approverKey } from '../bundles/signers.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { bodiesFor, type Things, thingsIn } from './things.ts';

export const PUBLIC_URL = 'https://central.example';
const DAY_MS = 86_400_000;

export type Headers = Readonly<Record<string, string | readonly string[]>>;
type Shown = Readonly<Record<string, string>>;

export interface Stage {
  readonly central: Central;
  readonly directory: string;
  /** A token of each role. */
  readonly tokens: Readonly<Record<Role, string>>;
  readonly things: Things;
  /** Bodies that would be understood far enough to do harm, by route. */
  readonly bodies: Readonly<Record<string, unknown>>;
  /** Cookie of an admin who is logged in. */
  readonly cookie: string;
  /** Credentials that do not hold, by what is wrong with them. */
  readonly wrong: Readonly<Record<string, Shown>>;
}

/** A central with something in every part of it, and credentials of every kind. */
export async function stage(context: TestContext): Promise<Stage> {
  const api = apiSettingsSchema.parse({
    public_url: PUBLIC_URL,
    trusted_proxies: ['127.0.0.1'],
    oidc: { issuer: 'http://127.0.0.1:1', client_id: 'sealwatch', roles: {} },
  });
  const trust = workDirectory(context);
  const key = approverKey(trust);
  const bundles = bundleSettings.parse({ trust_dir: join(trust, 'trust') });
  const { central, directory } = await closedCentral(context, { api, bundles });
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1)]);
  link.send({ type: 'inventory', servers: [{ ...candidate(), state: 'pending' }], omitted: 0 });
  const store = await openStore(join(directory, 'central.db'), 'command');
  const audit = new AuditLog(store.db, Date.now);
  const tokens = new ApiTokens(store.db, audit, Date.now);
  const make = (role: Role, lifeMs = DAY_MS) =>
    tokens.create({ name: role, role, lifeMs, actor: 'cli:test' });
  const made = {
    viewer: await make('viewer'),
    analyst: await make('analyst'),
    approver: await make('approver'),
    admin: await make('admin'),
  };
  const [expired, revoked, spare] = [await make('admin', -1), await make('admin'), await make('admin')];
  await tokens.revoke(revoked.id, 'cli:test');
  const login = await new Logins(store.db, audit, Date.now).begin({
    subject: 's',
    name: 'alice',
    role: 'admin',
  });
  const past = () => Date.now() - 2 * DAY_MS;
  const ended = await new Logins(store.db, new AuditLog(store.db, past), past).begin({
    subject: 's',
    name: 'alice',
    role: 'admin',
  });
  await store.close();
  const enrolment = await central.identity.createEnrolmentToken({
    group: '',
    count: 1,
    expiresMs: DAY_MS,
    actor: 'cli:test',
  });
  const bearer = (token: string): Shown => ({ authorization: `Bearer ${token}` });
  const things = await thingsIn(central, made.admin.token, { key, token: spare.id });
  return {
    central,
    directory,
    things,
    bodies: await bodiesFor(things, key),
    tokens: {
      viewer: made.viewer.token,
      analyst: made.analyst.token,
      approver: made.approver.token,
      admin: made.admin.token,
    },
    cookie: `__Host-sealwatch_login=${login}`,
    wrong: {
      garbage: bearer('garbage'),
      empty: { authorization: '' },
      'of another scheme': { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
      'with another secret': bearer(made.admin.token.replace(/.{8}$/, 'AAAAAAAA')),
      'expired token': bearer(expired.token),
      'revoked token': bearer(revoked.token),
      'token of another central': bearer(`swapi_${'0'.repeat(16)}_${'A'.repeat(43)}`),
      'enrolment token': bearer(enrolment.text),
      'login as a token': bearer(login),
      'garbage in a cookie': { cookie: '__Host-sealwatch_login=garbage' },
      'ended login': { cookie: `__Host-sealwatch_login=${ended}` },
      'token in a cookie': { cookie: `__Host-sealwatch_login=${made.admin.token}` },
      'wrong token beside a good cookie': { ...bearer('garbage'), cookie: `__Host-sealwatch_login=${login}` },
    },
  };
}

let sent = 0;

/** Sends a request from an address of its own, so that no failure before counts against it. */
export async function ask(
  { central }: Stage,
  method: string,
  path: string,
  headers: Headers = {},
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  sent += 1;
  const from = `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
  return await new Promise((resolve, reject) => {
    const outgoing = request(`${central.url}${path}`, {
      method,
      headers: {
        'x-forwarded-for': from,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...(headers as Record<string, string>),
      },
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The path of a route with things that there are in its place holders. */
export function pathOf({ path }: Pick<Route, 'path'>, { things }: Stage): string {
  const [, id = things.token] =
    [
      ['/alerts/', `${AGENT}-1`],
      ['/hosts/', AGENT],
      ['/queue/', things.ask],
      ['/decisions/', things.decision],
      ['/rollouts/', things.rollout],
    ].find(([part = '']) => path.includes(part)) ?? [];
  return path
    .replace(':id', id)
    .replace(':digest', 'c'.repeat(64))
    .replaceAll(/:(\w+)/g, 'x');
}

export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`;

export async function askRoute(stage: Stage, route: Route, headers: Headers) {
  const body = stage.bodies[nameOf(route)];
  const typed = body === undefined ? headers : { ...headers, 'content-type': 'application/json' };
  return await ask(
    stage,
    route.method,
    pathOf(route, stage),
    typed,
    body === undefined ? undefined : JSON.stringify(body),
  );
}

export function guarded({
  central,
}: Stage): readonly (Route & { permission: Exclude<Route['permission'], 'public'> })[] {
  return central.routes.flatMap((route) =>
    route.permission === 'public' ? [] : [{ ...route, permission: route.permission }],
  );
}
