import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { MAX_BODY_BYTES } from '../../../central/api/app.ts';
import type { Route } from '../../../central/api/route.ts';
import { AGENT } from '../samples.ts';
import { snapshot } from './snapshot.ts';
import { ask, askRoute, guarded, type Headers, nameOf, PUBLIC_URL, pathOf, stage } from './stage.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'] as const;

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
