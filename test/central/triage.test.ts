import assert from 'node:assert/strict';
import { ApiTokens } from '../../central/access/api-tokens.ts';
import { Logins } from '../../central/access/logins.ts';
import { AuditLog } from '../../central/audit/audit-log.ts';
import { verifyAudit } from '../../central/audit/verification.ts';
import { pageOfClosures } from '../../central/fleet/closures.ts';
import { pageOfHosts } from '../../central/fleet/hosts.ts';
import { pageOfServers } from '../../central/fleet/servers.ts';
import { openStore } from '../../central/store/store.ts';
import { historyOf } from '../../central/triage/history.ts';
import { notesOf, TriageDesk, triageOfAlerts } from '../../central/triage/triage.ts';
import { AGENT, fullAlert, OTHER_AGENT, sampleServer } from './samples.ts';
import { keep, NOW, openFor, register, seqsOf, testOnEach } from './store/databases.ts';

const DAY_MS = 86_400_000;
const id = (seq: number) => `${AGENT}-${seq}`;

testOnEach('of many who change the same alert at once on two nodes one does', async (context, place) => {
  const store = await openFor(context, place);
  const other = await openStore(place, 'command');
  context.after(() => other.close());
  await register(store, AGENT);
  await keep(store, [fullAlert(1)]);
  const desks = [store, other].map(({ db }) => new TriageDesk(new AuditLog(db, Date.now), Date.now));
  const change = (index: number, seen: string | null) =>
    desks[index % 2]?.change(id(1), seen, { assignee: `u${index}` }, `user:u${index}`);
  for (const seen of [
    async () => null,
    async () => (await triageOfAlerts(store.db, [id(1)])).get(id(1))?.changed ?? null,
  ]) {
    const before = await seen();
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => change(index, before)));
    assert.equal(results.filter((result) => result?.kind === 'changed').length, 1);
    assert.equal(results.filter((result) => result?.kind === 'outdated').length, 7);
  }
  const verdict = await verifyAudit(store.db);
  assert.deepEqual([verdict.intact, 'entries' in verdict && verdict.entries], [true, 2]);
});

testOnEach(
  'alerts are changed together, found by it, and each server has its history',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT);
    await keep(store, [fullAlert(1), fullAlert(2), fullAlert(3)]);
    const desk = new TriageDesk(new AuditLog(store.db, Date.now), Date.now);
    await desk.change(id(1), null, { status: 'acknowledged', assignee: 'alice' }, 'user:bob');
    const changed = await desk.changeAll(
      [id(1), id(2), 'gone'],
      { status: 'closed', resolution: 'benign' },
      'user:bob',
    );
    assert.deepEqual([...changed].sort(), [id(1), id(2)]);
    const found = await triageOfAlerts(store.db, [id(1), id(2), id(3)]);
    assert.deepEqual(
      [found.get(id(1))?.assignee, found.get(id(1))?.resolution, found.has(id(3))],
      ['alice', 'benign', false],
    );
    assert.deepEqual(await seqsOf(store, { after: 0, status: 'closed' }), [1, 2]);
    const history = await historyOf(store.db, AGENT, 's-1');
    assert.deepEqual(
      history.map((alert) => `${alert.id} ${alert.status}`),
      [`${id(3)} new`, `${id(2)} closed`, `${id(1)} closed`],
    );
    const note = await desk.addNote(id(3), 'seen', 'user:bob');
    assert.deepEqual(await notesOf(store.db, id(3)), [note]);
    assert.equal(await desk.addNote('gone', 'seen', 'user:bob'), null);
  },
);

testOnEach(
  'closures keep when they were first seen, and hosts are found by state and group',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT, OTHER_AGENT);
    await store.replaceInventory(AGENT, [sampleServer('a')], '2026-08-01T10:00:00.000Z');
    await store.replaceInventory(AGENT, [sampleServer('a'), sampleServer('b')], '2026-08-02T10:00:00.000Z');
    await store.replaceInventory(
      OTHER_AGENT,
      [{ ...sampleServer('c'), state: 'approved' }],
      '2026-08-03T10:00:00.000Z',
    );
    const [closure, ...more] = await pageOfClosures(store.db, '', { state: 'approved' }, 10);
    assert.deepEqual(more, []);
    assert.deepEqual(closure, {
      digest: 'c'.repeat(64),
      names: ['name-a', 'name-b', 'name-c'],
      clients: ['claude-code'],
      states: ['approved', 'pending'],
      hosts: 2,
      servers: 3,
      first_seen: '2026-08-01T10:00:00.000Z',
      last_seen: NOW,
    });
    const page = await pageOfServers(store.db, { agent: AGENT, id: 'a' }, { digest: 'c'.repeat(64) }, 10);
    assert.deepEqual(
      page.map((server) => server.id),
      ['b', 'c'],
    );
    const bundle = {
      kind: 'rules' as const,
      version: 3,
      state: 'applied' as const,
      code: null,
      message: '',
      changed: NOW,
    };
    await store.db
      .insertInto('bundle_states')
      .values({ agent: AGENT, ...bundle })
      .execute();
    await store.db
      .updateTable('agents')
      .set({ grp: 'build', lost: '{"spool":2}', lost_before: '{"spool":1,"ring":4}', health: 'no JSON' })
      .where('id', '=', AGENT)
      .execute();
    const [host] = await pageOfHosts(store.db, '', { group: 'build', state: 'connected' }, 10);
    assert.deepEqual(
      [host?.id, host?.lost, host?.health, host?.bundles],
      [AGENT, { spool: 3, ring: 4 }, [], [bundle]],
    );
  },
);

testOnEach('tokens and logins hold until they end, and are kept as hashes only', async (context, place) => {
  const store = await openFor(context, place);
  let now = Date.now();
  const clock = () => now;
  const audit = new AuditLog(store.db, clock);
  const tokens = new ApiTokens(store.db, audit, clock);
  const logins = new Logins(store.db, audit, clock);
  const { id: tokenId, token } = await tokens.create({
    name: 'siem',
    role: 'viewer',
    lifeMs: DAY_MS,
    actor: 'cli:test',
  });
  const login = await logins.begin({ subject: 's-1', name: 'alice', role: 'analyst' });
  assert.deepEqual(await tokens.find(token), { kind: 'token', id: tokenId, name: 'siem', role: 'viewer' });
  assert.deepEqual(await logins.find(login), { kind: 'login', id: 's-1', name: 'alice', role: 'analyst' });
  assert.equal(await tokens.find(login), null);
  assert.equal(await logins.find(token), null);
  const kept = JSON.stringify([
    await store.db.selectFrom('api_tokens').selectAll().execute(),
    await store.db.selectFrom('logins').selectAll().execute(),
    await store.db.selectFrom('audit').selectAll().execute(),
  ]);
  for (const secret of [token, login]) assert.equal(kept.includes(secret.slice(-43)), false);
  now += DAY_MS;
  assert.equal(await tokens.find(token), null);
  assert.equal(await logins.find(login), null);
  await logins.begin({ subject: 's-2', name: 'bob', role: 'viewer' });
  assert.equal(
    (await store.db.selectFrom('logins').selectAll().execute()).length,
    1,
    'ended logins are forgotten',
  );
});
