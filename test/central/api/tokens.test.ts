import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, closedCentral, tokenFor } from './callers.ts';

test('an API token is shown once, works in its role, and ends when it is revoked', async (context) => {
  const { central, directory } = await closedCentral(context);
  const admin = await tokenFor(directory, 'admin');
  const made = await call(central, 'POST', '/api/v1/tokens', {
    token: admin,
    body: { name: 'siem', role: 'viewer', days: 30 },
  });
  const { id, token } = made.body;
  assert.match(token, /^swapi_/);
  const list = (await call(central, 'GET', '/api/v1/tokens', { token: admin })).body.tokens;
  assert.equal(list.length, 2);
  assert.equal(JSON.stringify(list).includes(token.slice(-43)), false);
  assert.deepEqual(Object.keys(list[0]).sort(), [
    'created',
    'created_by',
    'expires',
    'id',
    'name',
    'revoked',
    'role',
  ]);
  assert.equal((await call(central, 'GET', '/api/v1/me', { token })).body.actor, 'token:siem');
  assert.equal((await call(central, 'GET', '/metrics', { token })).status, 200);
  assert.equal((await call(central, 'GET', '/api/v1/tokens', { token })).status, 403);
  assert.equal((await call(central, 'DELETE', `/api/v1/tokens/${id}`, { token: admin })).status, 200);
  assert.equal((await call(central, 'GET', '/api/v1/me', { token })).status, 401);
  assert.equal((await call(central, 'DELETE', `/api/v1/tokens/${id}`, { token: admin })).status, 404);
});

test('an enrolment token is made, listed without its secret, and revoked', async (context) => {
  const { central, directory } = await closedCentral(context);
  const admin = await tokenFor(directory, 'admin');
  const made = await call(central, 'POST', '/api/v1/enrolment-tokens', {
    token: admin,
    body: { group: 'build', count: 5 },
  });
  const { id, token } = made.body;
  assert.match(token, /^swenrol_/);
  const listed = await call(central, 'GET', '/api/v1/enrolment-tokens', { token: admin });
  assert.equal(listed.body.tokens[0].uses_left, 5);
  assert.equal(JSON.stringify(listed.body).includes(token.slice(0, 60)), false);
  assert.equal(
    (await call(central, 'DELETE', `/api/v1/enrolment-tokens/${id}`, { token: admin })).status,
    200,
  );
  assert.equal(
    (await call(central, 'DELETE', `/api/v1/enrolment-tokens/${id}`, { token: admin })).status,
    404,
  );
});

test('each change stands once in the audit log, which can be exported and verified', async (context) => {
  const { central, directory } = await closedCentral(context);
  const admin = await tokenFor(directory, 'admin');
  const body = { name: 'siem', role: 'viewer' };
  const { id } = (await call(central, 'POST', '/api/v1/tokens', { token: admin, body })).body;
  await call(central, 'DELETE', `/api/v1/tokens/${id}`, { token: admin });
  const text = (await call(central, 'GET', '/api/v1/audit/export', { token: admin })).body as string;
  const entries = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    entries.map(({ number, actor, action }) => `${number} ${actor} ${action}`),
    ['1 cli:test api-token.create', '2 token:admin api-token.create', '3 token:admin api-token.revoke'],
  );
  assert.doesNotMatch(text, /swapi_/);
  const tail = (await call(central, 'GET', '/api/v1/audit/export?after=2', { token: admin })).body as string;
  assert.equal(JSON.parse(tail).number, 3);
  const verdict = (await call(central, 'GET', '/api/v1/audit/verification', { token: admin })).body;
  assert.deepEqual(verdict, { intact: true, entries: 3, head: entries[2].hash });
});
