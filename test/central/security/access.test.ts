import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedCentral } from '../api/callers.ts';
import { snapshot } from './snapshot.ts';
import { ask, askRoute, guarded, nameOf, type Stage, stage } from './stage.ts';

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
