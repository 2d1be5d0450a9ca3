import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { ClientOptions } from 'ws';
import { ApiTokens } from '../../central/access/api-tokens.ts';
import { Logins } from '../../central/access/logins.ts';
import { lowestRole, ROLES, type Role } from '../../central/access/role.ts';
import { apiSettingsSchema } from '../../central/access/settings.ts';
import { MAX_BODY_BYTES } from '../../central/api/app.ts';
import type { Route } from '../../central/api/route.ts';
import { AuditLog } from '../../central/audit/audit-log.ts';
import type { Central } from '../../central/index.ts';
import { openStore } from '../../central/store/store.ts';
import { closedCentral } from './api/callers.ts';
import { connect, deliver, hello, issueCredentials, Link, until, workDirectory } from './bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from './samples.ts';
import { AGENT_FRAMES } from './security/frames.ts';
import { snapshot } from './security/snapshot.ts';

const PUBLIC_URL = 'https://central.example';
const DAY_MS = 86_400_000;
/** What anybody may ask for. Whoever makes another route public has to say so here. */
const PUBLIC = [
  'GET /api/v1/openapi.json',
  'GET /healthz',
  'GET /livez',
  'GET /login',
  'GET /login/callback',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'] as const;

type Headers = Readonly<Record<string, string | readonly string[]>>;
type Shown = Readonly<Record<string, string>>;

interface Stage {
  readonly central: Central;
  readonly directory: string;
  /** A token of each role. */
  readonly tokens: Readonly<Record<Role, string>>;
  /** Id of another token. */
  readonly tokenId: string;
  /** Cookie of an admin who is logged in. */
  readonly cookie: string;
  /** Credentials that do not hold, by what is wrong with them. */
  readonly wrong: Readonly<Record<string, Shown>>;
}

/** A central with something in every part of it, and credentials of every kind. */
async function stage(context: TestContext): Promise<Stage> {
  const api = apiSettingsSchema.parse({
    public_url: PUBLIC_URL,
    trusted_proxies: ['127.0.0.1'],
    oidc: { issuer: 'http://127.0.0.1:1', client_id: 'sealwatch', roles: {} },
  });
  const { central, directory } = await closedCentral(context, { api });
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1)]);
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
  return {
    central,
    directory,
    tokens: {
      viewer: made.viewer.token,
      analyst: made.analyst.token,
      approver: made.approver.token,
      admin: made.admin.token,
    },
    tokenId: spare.id,
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
async function ask(
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
function pathOf(route: Route, { tokenId }: Stage): string {
  const id = route.path.includes('/alerts/')
    ? `${AGENT}-1`
    : route.path.includes('/hosts/')
      ? AGENT
      : tokenId;
  return route.path
    .replace(':id', id)
    .replace(':digest', 'c'.repeat(64))
    .replaceAll(/:(\w+)/g, 'x');
}

const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>) => `${method} ${path}`;

/** A body that would be understood far enough to do harm. */
const BODIES: Readonly<Record<string, unknown>> = {
  'PATCH /api/v1/alerts/:id': { status: 'closed', resolution: 'benign', changed: null },
  'POST /api/v1/alerts/:id/notes': { text: 'note' },
  'POST /api/v1/alerts/bulk': { ids: [`${AGENT}-1`], assignee: 'eve' },
  'POST /api/v1/tokens': { name: 'eve', role: 'admin' },
  'POST /api/v1/enrolment-tokens': { count: 1_000 },
  'POST /api/v1/feeds/:name/dead-letters/replay': { positions: null },
  'POST /api/v1/feeds/:name/dead-letters/discard': { positions: null },
};

async function askRoute(stage: Stage, route: Route, headers: Headers) {
  const body = BODIES[nameOf(route)];
  const typed = body === undefined ? headers : { ...headers, 'content-type': 'application/json' };
  return await ask(
    stage,
    route.method,
    pathOf(route, stage),
    typed,
    body === undefined ? undefined : JSON.stringify(body),
  );
}

function guarded({
  central,
}: Stage): readonly (Route & { permission: Exclude<Route['permission'], 'public'> })[] {
  return central.routes.flatMap((route) =>
    route.permission === 'public' ? [] : [{ ...route, permission: route.permission }],
  );
}

test('what anybody may ask for is this list and nothing else', async (context) => {
  const { central } = await stage(context);
  const open = central.routes.filter(({ permission }) => permission === 'public').map(nameOf);
  assert.deepEqual(open.sort(), PUBLIC);
});

test('every route is refused without a credential, and with each that does not hold', async (context) => {
  const here = await stage(context);
  const before = await snapshot(here.directory);
  for (const route of guarded(here)) {
    assert.equal((await askRoute(here, route, {})).status, 401, `${nameOf(route)} without a credential`);
    for (const [name, shown] of Object.entries(here.wrong)) {
      const { status, text } = await askRoute(here, route, shown);
      assert.equal(status, 401, `${nameOf(route)} with a credential: ${name}`);
      assert.deepEqual(Object.keys(JSON.parse(text)), ['code', 'message']);
    }
  }
  const after = await snapshot(here.directory);
  assert.equal(after.rows, before.rows);
  const added = after.actions.slice(before.actions.length);
  assert.ok(added.length > 0 && added.every((action) => action === 'access.refuse'), added.join());
});

test('every route is refused with each role that is too low, and only with those', async (context) => {
  const here = await stage(context);
  const before = await snapshot(here.directory);
  for (const route of guarded(here)) {
    const needed = ROLES.indexOf(lowestRole(route.permission));
    for (const role of ROLES.slice(0, needed)) {
      const { status } = await askRoute(here, route, { authorization: `Bearer ${here.tokens[role]}` });
      assert.equal(status, 403, `${nameOf(route)} as ${role}`);
    }
  }
  assert.deepEqual(await snapshot(here.directory), before);
  for (const route of guarded(here)) {
    const role = lowestRole(route.permission);
    const token = here.tokens[role];
    const { status } = await askRoute(here, route, { authorization: `Bearer ${token}` });
    assert.ok(![401, 403, 429, 500].includes(status), `${nameOf(route)} as ${role}: ${status}`);
  }
});

test('a cookie changes nothing but from our own page', async (context) => {
  const here = await stage(context);
  const before = await snapshot(here.directory);
  for (const route of guarded(here)) {
    if (route.method === 'GET') continue;
    for (const page of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${PUBLIC_URL}.evil.example` },
      { origin: 'http://central.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ]) {
      const { status, text } = await askRoute(here, route, { cookie: here.cookie, ...page });
      assert.deepEqual([status, JSON.parse(text).code], [403, 'foreign-origin'], nameOf(route));
    }
  }
  assert.deepEqual(await snapshot(here.directory), before);
  const own = { cookie: here.cookie, origin: PUBLIC_URL, 'content-type': 'application/json' };
  const change = JSON.stringify({ assignee: 'alice', changed: null });
  assert.equal((await ask(here, 'PATCH', `/api/v1/alerts/${AGENT}-1`, own, change)).status, 200);
});

test('methods and paths that there are not are not found, whoever asks', async (context) => {
  const here = await stage(context);
  const admin = { authorization: `Bearer ${here.tokens.admin}` };
  const before = await snapshot(here.directory);
  const paths = new Set(here.central.routes.map((route) => pathOf(route, here)));
  const fits = (route: Route, path: string) =>
    new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path);
  for (const path of paths) {
    for (const method of METHODS) {
      if (here.central.routes.some((route) => route.method === method && fits(route, path))) continue;
      for (const headers of [{}, admin]) {
        assert.equal((await ask(here, method, path, headers)).status, 404, `${method} ${path}`);
      }
    }
  }
  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/api/v1/alerts/',
    '//api/v1/alerts',
    '/api/v1/Alerts',
    '/api/v1/..%2fhealthz',
    '/api/v2/alerts',
    '/v1/agent',
    '/v1/enrol',
    '/%',
  ]) {
    assert.ok([400, 404].includes((await ask(here, 'GET', path, admin)).status), path);
  }
  assert.equal((await snapshot(here.directory)).rows, before.rows);
});

test('bodies that are too large, too deep, of another type, or not asked for are refused', async (context) => {
  const here = await stage(context);
  const admin = { authorization: `Bearer ${here.tokens.admin}` };
  const json = { ...admin, 'content-type': 'application/json' };
  const before = await snapshot(here.directory);
  for (const route of guarded(here)) {
    if (route.method === 'GET') continue;
    const send = async (headers: Headers, body: string) =>
      (await ask(here, route.method, pathOf(route, here), headers, body)).status;
    const name = nameOf(route);
    const { status, text: why } = await ask(
      here,
      route.method,
      pathOf(route, here),
      json,
      JSON.stringify({ text: 'x'.repeat(route.maxBodyBytes ?? MAX_BODY_BYTES) }),
    );
    assert.equal(status, 413, name + why);
    assert.equal(await send(json, '['.repeat(17) + ']'.repeat(17)), 400, name);
    assert.equal(await send(json, '{"__proto__":{"role":"admin"}}'), 400, name);
    assert.equal(await send(json, '{"constructor":{"prototype":{}}}'), 400, name);
    assert.equal(await send(json, '{"colour":"red"}'), 400, name);
    assert.equal(await send(json, '{'), 400, name);
    assert.equal(await send({ ...admin, 'content-type': 'text/plain' }, '{}'), 415, name);
    assert.equal(
      await send({ ...admin, 'content-type': 'application/x-www-form-urlencoded' }, 'a=b'),
      415,
      name,
    );
    assert.equal(
      (await ask(here, route.method, `${pathOf(route, here)}?colour=red`, json, '{"colour":"red"}')).status,
      400,
      name,
    );
  }
  assert.deepEqual(await snapshot(here.directory), before);
});

test('a header that decides something may not stand twice', async (context) => {
  const here = await stage(context);
  const admin = `authorization: Bearer ${here.tokens.admin}`;
  for (const headers of [
    [admin, admin],
    [admin, admin.toUpperCase()],
    [admin, 'cookie: a=b', `cookie: ${here.cookie}`],
    [`cookie: ${here.cookie}`, `origin: ${PUBLIC_URL}`, 'origin: https://evil.example'],
    [admin, 'host: 127.0.0.1'],
  ]) {
    const { port } = new URL(here.central.url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    const lines = ['GET /api/v1/tokens HTTP/1.1', 'host: 127.0.0.1', ...headers, 'connection: close', '', ''];
    socket.end(lines.join('\r\n'));
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 400 /, headers.join());
    assert.match(answer, /"code":"repeated-header"/, headers.join());
  }
});

test('guessing makes an address wait, and the log is told once', async (context) => {
  const here = await stage(context);
  const guess = (address: string, token = 'garbage') =>
    ask(here, 'GET', '/api/v1/alerts', { authorization: `Bearer ${token}`, 'x-forwarded-for': address });
  for (let count = 0; count < 20; count += 1) assert.equal((await guess('192.0.2.1')).status, 401);
  assert.equal((await guess('192.0.2.1')).status, 429);
  assert.equal((await guess('192.0.2.1', here.tokens.admin)).status, 429);
  assert.equal((await guess('192.0.2.2', here.tokens.admin)).status, 200);
  const { actions } = await snapshot(here.directory);
  assert.equal(actions.filter((action) => action === 'access.refuse').length, 1);
});

test('an anonymous viewer is refused on an address that others reach', async (context) => {
  const start = closedCentral(context, { host: '0.0.0.0', anonymous: 'viewer' });
  await assert.rejects(start, { code: 'CENTRAL_ANONYMOUS_REFUSED' });
});

test('an anonymous viewer reads on loopback, and changes nothing', async (context) => {
  const { central, directory } = await closedCentral(context, { anonymous: 'viewer' });
  const here: Stage = { ...(await stage(context)), central, directory };
  for (const route of guarded(here)) {
    const { status } = await askRoute(here, route, {});
    if (route.permission === 'read' && route.method === 'GET')
      assert.ok([200, 400, 404].includes(status), nameOf(route));
    else assert.ok([401, 409].includes(status), `${nameOf(route)}: ${status}`);
  }
});

/** What a link that is refused ends with: a close code, after a refusal where there was one. */
async function endOf(link: Link): Promise<{ readonly refusal: string | null; readonly code: number }> {
  let refusal: string | null = null;
  for (let frame = await link.next(); frame !== null; frame = await link.next()) {
    if (frame.type === 'refuse') refusal = frame.code;
    else assert.notEqual(frame.type, 'ack');
  }
  return { refusal, code: (await link.closed).code };
}

/** Rows of what agents have sent, without the times at which they connected. */
async function sentBy(directory: string): Promise<string> {
  const { rows } = await snapshot(directory);
  return JSON.stringify(
    JSON.parse(rows).filter(([table]: [string]) => ['alerts', 'servers', 'bundle_states'].includes(table)),
  );
}

test('every frame is lost on a connection without a certificate, or with one of another central', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  const foreign = await issueCredentials(join(workDirectory(context), 'authority'), [AGENT]);
  const shown: readonly ClientOptions[] = [
    { cert: undefined, key: undefined } as unknown as ClientOptions,
    { cert: foreign.get(AGENT)?.cert, key: foreign.get(AGENT)?.key } as ClientOptions,
  ];
  for (const frame of Object.values(AGENT_FRAMES)) {
    for (const options of shown) {
      const link = new Link(central.url, AGENT, options);
      link.socket.once('open', () => assert.fail(`${frame.type} got through`));
      link.send(frame);
      assert.deepEqual(await endOf(link), { refusal: null, code: 1006 });
    }
  }
  assert.equal(await sentBy(directory), before);
});

test('every frame but hello is refused before hello, and hello after it', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  for (const frame of Object.values(AGENT_FRAMES)) {
    if (frame.type === 'hello') {
      const { link } = await connect(context, central);
      link.send(frame);
      assert.deepEqual(await endOf(link), { refusal: 'unexpected-frame', code: 4405 });
      continue;
    }
    const link = new Link(central.url);
    link.send(frame);
    assert.deepEqual(await endOf(link), { refusal: 'unexpected-frame', code: 4405 }, frame.type);
  }
  assert.equal(await sentBy(directory), before);
});

test('an agent speaks for itself alone', async (context) => {
  const { central, directory } = await closedCentral(context);
  const before = await sentBy(directory);
  const impostor = new Link(central.url, AGENT);
  impostor.send(hello(OTHER_AGENT));
  assert.deepEqual(await endOf(impostor), { refusal: 'not-this-agent', code: 4403 });
  const { link } = await connect(context, central);
  link.send({ type: 'batch', alerts: [plainAlert(1, {}, OTHER_AGENT)] });
  assert.deepEqual(await endOf(link), { refusal: 'bad-frame', code: 4400 });
  assert.equal(await sentBy(directory), before);
});

test('every frame of a revoked agent is lost, on its live connection and on a new one', async (context) => {
  const { central, directory } = await closedCentral(context);
  await connect(context, central, OTHER_AGENT);
  const { link: live } = await connect(context, central);
  await central.identity.revokeAgent(AGENT, 'cli:test');
  const before = await sentBy(directory);
  for (const frame of Object.values(AGENT_FRAMES)) live.send(frame);
  assert.equal((await endOf(live)).code, 4401);
  for (const frame of Object.values(AGENT_FRAMES)) {
    const link = new Link(central.url);
    link.socket.once('open', () => assert.fail(`${frame.type} got through`));
    link.send(frame);
    assert.equal((await endOf(link)).code, 1006);
  }
  await until(async () => (await sentBy(directory)) === before);
});
