import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, until } from '../bench.ts';
import { AGENT, OTHER_AGENT, sampleServer } from '../samples.ts';
import { call, closedCentral, tokenFor } from './callers.ts';

const DIGEST = 'c'.repeat(64);

test('the same closure on two hosts is one closure of the fleet', async (context) => {
  const { central, directory } = await closedCentral(context);
  const token = await tokenFor(directory, 'viewer');
  for (const agent of [AGENT, OTHER_AGENT]) {
    const { link } = await connect(context, central, agent);
    link.send({ type: 'inventory', servers: [sampleServer('a'), sampleServer('b')], omitted: 0 });
  }
  const get = async (path: string) => (await call(central, 'GET', path, { token })).body;
  await until(async () => (await get('/api/v1/servers')).servers.length === 4);
  const { closures } = await get('/api/v1/closures');
  const { first_seen, last_seen, ...closure } = closures[0];
  assert.deepEqual(closure, {
    digest: DIGEST,
    names: ['name-a', 'name-b'],
    clients: ['claude-code'],
    states: ['pending'],
    hosts: 2,
    servers: 4,
  });
  assert.ok(first_seen <= last_seen);
  assert.equal((await get('/api/v1/closures?state=approved')).closures.length, 0);
  assert.equal(
    (await get(`/api/v1/closures?since=${(await get('/api/v1/closures')).next}`)).closures.length,
    0,
  );
  const first = await get(`/api/v1/closures/${DIGEST}?limit=3`);
  assert.equal(first.servers.length, 3);
  assert.equal((await get(`/api/v1/closures/${DIGEST}?since=${first.next}`)).servers.length, 1);
  assert.equal((await get('/api/v1/servers?name=name-a')).servers.length, 2);
});

test('a host shows how it is, and is taken out by an admin', async (context) => {
  const { central, directory } = await closedCentral(context);
  const [viewer, admin] = [await tokenFor(directory, 'viewer'), await tokenFor(directory, 'admin')];
  const { link } = await connect(context, central);
  const get = async (path: string) => (await call(central, 'GET', path, { token: viewer })).body;
  const health = [{ collector: 'file', state: 'degraded' as const, detail: 'too many files' }];
  link.send({ type: 'heartbeat', last_seq: 0, waiting: 7, health });
  link.send({ type: 'loss', since: '2026-08-01T10:00:00.000Z', lost: { spool: 3 } });
  await until(async () => (await get(`/api/v1/hosts/${AGENT}`)).lost.spool === 3);
  const [host] = (await get('/api/v1/hosts?state=connected&group=')).hosts;
  assert.deepEqual([host.waiting, host.health, host.revoked], [7, health, null]);
  assert.equal(JSON.stringify(host).includes('generation'), false);
  assert.equal((await get('/api/v1/hosts?group=other')).hosts.length, 0);
  assert.equal((await call(central, 'GET', `/api/v1/hosts/${OTHER_AGENT}`, { token: viewer })).status, 404);
  const revoke = (token: string) => call(central, 'POST', `/api/v1/hosts/${AGENT}/revoke`, { token });
  assert.equal((await revoke(viewer)).status, 403);
  assert.equal((await revoke(admin)).status, 200);
  assert.equal((await link.closed).code, 4401);
  assert.notEqual((await get(`/api/v1/hosts/${AGENT}`)).revoked, null);
  assert.equal((await revoke(admin)).status, 404);
});
