import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowestRole, ROLES } from '../../../central/access/role.ts';
import { snapshot } from './snapshot.ts';
import { askRoute, guarded, nameOf, stage } from './stage.ts';

/** What anybody may ask for. Whoever makes another route public has to say so here. */
const PUBLIC = [
  'GET /api/v1/openapi.json',
  'GET /healthz',
  'GET /livez',
  'GET /login',
  'GET /login/callback',
];

test('what anybody may ask for is this list and nothing else', async (context) => {
  const { central } = await stage(context);
  const open = central.routes.filter(({ permission }) => permission === 'public').map(nameOf);
  assert.deepEqual(open.sort(), PUBLIC);
});

test('every route that takes a body is walked with one that it understands', async (context) => {
  const here = await stage(context);
  const taking = guarded(here).filter(({ body }) => body !== undefined);
  assert.deepEqual(taking.map(nameOf).sort(), Object.keys(here.bodies).sort());
  for (const route of taking) {
    const read = route.body?.safeParse(here.bodies[nameOf(route)]);
    assert.equal(read?.success, true, `${nameOf(route)}: ${read?.error?.message}`);
  }
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
    assert.ok(![400, 401, 403, 429, 500].includes(status), `${nameOf(route)} as ${role}: ${status}`);
  }
});
