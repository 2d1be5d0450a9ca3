import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Alert } from '../../wire/index.ts';
import { connect, deliver, get, startCentral, until, workDirectory } from './bench.ts';
import { AGENT, fullAlert, OTHER_AGENT, plainAlert, sampleServer } from './samples.ts';

const seqs = (body: { alerts: Alert[] }) => body.alerts.map((alert) => alert.seq);

test('pages join without gap or overlap, and a poller goes on where it was', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  await deliver(
    link,
    [1, 2, 3, 4, 5].map((seq) => plainAlert(seq)),
  );
  const first = (await get(central, '/api/v1/alerts?limit=3')).body;
  assert.deepEqual(seqs(first), [1, 2, 3]);
  const second = (await get(central, `/api/v1/alerts?limit=3&since=${first.next}`)).body;
  assert.deepEqual(seqs(second), [4, 5]);
  const third = (await get(central, `/api/v1/alerts?since=${second.next}`)).body;
  assert.deepEqual(third, { alerts: [], next: null });
  await deliver(link, [plainAlert(6)]);
  assert.deepEqual(seqs((await get(central, `/api/v1/alerts?since=${second.next}`)).body), [6]);
});

test('alerts are filtered by time, name and host, and the time holds for later pages', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  const other = { ...plainAlert(3).rule, name: 'mcp_env_changed' };
  await deliver(link, [
    plainAlert(1),
    plainAlert(2, { host: 'other' }),
    plainAlert(3, { rule: other }),
    plainAlert(4, { time: plainAlert(1).time }),
    plainAlert(5),
    plainAlert(6, { time: 'yesterday' }),
  ]);
  assert.deepEqual(seqs((await get(central, '/api/v1/alerts?host=other')).body), [2]);
  assert.deepEqual(seqs((await get(central, '/api/v1/alerts?name=mcp_env_changed')).body), [3]);
  assert.deepEqual(seqs((await get(central, '/api/v1/alerts?name=none')).body), []);
  const since = '2026-08-01T12:00:02%2B02:00';
  const first = (await get(central, `/api/v1/alerts?limit=2&since=${since}`)).body;
  assert.deepEqual(seqs(first), [2, 3]);
  assert.deepEqual(seqs((await get(central, `/api/v1/alerts?since=${first.next}`)).body), [5, 6]);
  assert.deepEqual(seqs((await get(central, '/api/v1/alerts?since=2026-08-01T12:00:05+02:00')).body), [5, 6]);
});

for (const query of [
  'limit=0',
  'limit=1001',
  'limit=x',
  'limit=1.5',
  'since=yesterday',
  'since=2026-08-01',
  'since=c-1',
  'since=',
  'name=',
  'name=a&name=b',
  'colour=red',
]) {
  test(`alerts?${query} is a bad query`, async (context) => {
    const central = await startCentral(context, workDirectory(context));
    const { status, body } = await get(central, `/api/v1/alerts?${query}`);
    assert.equal(status, 400);
    assert.equal(body.code, 'bad-query');
    assert.equal(typeof body.message, 'string');
  });
}

test('a cursor of another database is refused, an unknown route too', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  assert.deepEqual((await get(central, '/api/v1/alerts?since=c7')).body.code, 'unknown-cursor');
  assert.equal((await get(central, '/api/v1/servers?since=!!!')).status, 400);
  assert.deepEqual(await get(central, '/api/v1/none'), {
    status: 404,
    body: { code: 'not-found', message: 'there is no such route' },
  });
  const post = await fetch(`${central.url}/api/v1/alerts`, { method: 'POST' });
  assert.equal(post.status, 404);
  assert.equal(post.headers.get('access-control-allow-origin'), null);
});

test('servers and hosts are paged by key', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  for (const agent of [AGENT, OTHER_AGENT]) {
    const { link } = await connect(context, central, agent);
    link.send({ type: 'inventory', servers: ['a', 'b', 'c'].map(sampleServer), omitted: 0 });
    await deliver(link, [plainAlert(1, {}, agent)]);
  }
  for (const route of ['servers', 'hosts'] as const) {
    const found: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await get(central, `/api/v1/${route}?limit=1${next === '' ? '' : `&since=${next}`}`);
      found.push(...body[route].map((one: { agent?: string; id: string }) => `${one.agent ?? ''} ${one.id}`));
      next = body.next;
    }
    const servers = [AGENT, OTHER_AGENT].flatMap((agent) => ['a', 'b', 'c'].map((id) => `${agent} ${id}`));
    assert.deepEqual(found, route === 'servers' ? servers : [` ${AGENT}`, ` ${OTHER_AGENT}`]);
  }
  assert.equal((await get(central, '/api/v1/servers?host=none')).body.servers.length, 0);
  await until(async () => (await get(central, '/api/v1/servers?host=build-7')).body.servers.length === 6);
});

async function statusFor(url: string, host: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

test('bound to loopback, only loopback names are answered', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:8080']) {
    assert.equal(await statusFor(`${central.url}/healthz`, host), 200, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost:x',
  ]) {
    assert.equal(await statusFor(`${central.url}/healthz`, host), 421, host);
    assert.equal(await statusFor(`${central.url}/nowhere`, host), 421, host);
  }
  const open = await startCentral(context, workDirectory(context), { host: '0.0.0.0', anonymous: 'none' });
  assert.equal(await statusFor(`${open.url}/healthz`, 'siem.example'), 200);
});

test('health and metrics answer', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  assert.deepEqual(await get(central, '/healthz'), {
    status: 200,
    body: {
      ...{ status: 'ok', database: 'ok', bus: 'off', feed: 'off' },
      roles: { ingest: 'ok', writer: 'ok', api: 'ok', feeds: 'ok' },
    },
  });
  assert.deepEqual(await get(central, '/livez'), { status: 200, body: { status: 'ok' } });
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1)]);
  const { body } = await get(central, '/metrics');
  assert.match(body, /^sealwatch_central_alerts_stored_total 1$/m);
  assert.match(body, /^sealwatch_central_sessions 1$/m);
  assert.match(body, /^sealwatch_central_frames_total\{type="batch"\} 1$/m);
});

/** Routes for which an anonymous viewer, or a central without feeds, is not enough. */
const NEEDS_MORE = /tokens|audit|dead-letters/;
const IDS: Readonly<Record<string, string>> = {
  '/api/v1/alerts/{id}': `${AGENT}-2`,
  '/api/v1/hosts/{id}': AGENT,
};

test('the OpenAPI document describes what the routes answer', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  link.send({ type: 'inventory', servers: [sampleServer('a')], omitted: 0 });
  await deliver(link, [plainAlert(1), fullAlert(2)]);
  const { body: document } = await get(central, '/api/v1/openapi.json');
  assert.equal(document.openapi, '3.1.0');
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  for (const [path, { get: described }] of Object.entries<{ get?: unknown }>(document.paths)) {
    const isKnown = !path.includes('{') || path in IDS || path.includes('{digest}');
    if (described === undefined || NEEDS_MORE.test(path) || !isKnown) continue;
    const { status, body } = await get(
      central,
      path.replace('{id}', IDS[path] ?? '').replace('{digest}', 'c'.repeat(64)),
    );
    assert.equal(status, 200, path);
    const schema = document.paths[path].get.responses[200].content['application/json']?.schema;
    if (schema === undefined) continue;
    const validate = ajv.compile(schema);
    assert.ok(validate(body), `${path}: ${ajv.errorsText(validate.errors)}`);
  }
  const names = document.paths['/api/v1/alerts'].get.parameters.map((one: { name: string }) => one.name);
  assert.deepEqual(names.slice(0, 3), ['since', 'name', 'host']);
  assert.deepEqual(document.paths['/api/v1/tokens'].post.security, [{ token: [] }, { login: [] }]);
  assert.deepEqual(document.paths['/healthz'].get.security, []);
});
