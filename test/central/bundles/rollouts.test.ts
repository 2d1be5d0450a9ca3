import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { watchBundles } from '../../../central/bundles/bundle-metrics.ts';
import { BundleShelf, centralTrust } from '../../../central/bundles/bundle-shelf.ts';
import { FleetHealth } from '../../../central/bundles/fleet-health.ts';
import { Offers } from '../../../central/bundles/offers.ts';
import { Progress } from '../../../central/bundles/progress.ts';
import { Rollouts } from '../../../central/bundles/rollouts.ts';
import { bundleSettings } from '../../../central/bundles/settings.ts';
import { Lease } from '../../../central/leadership/lease.ts';
import { Metrics } from '../../../central/metrics.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import type { CentralFrame } from '../../../wire/index.ts';
import { keptLog, workDirectory } from '../bench.ts';
import { plainAlert } from '../samples.ts';
import { openFor, testOnEach } from '../store/databases.ts';
import { approverKey, configBundle } from './signers.ts';

const START = Date.parse('2026-08-01T12:00:00.000Z');
const SOAK_MS = 60_000;
const LEASE_MS = 20_000;
type BundleFrame = Extract<CentralFrame, { type: 'bundle' }>;

function agentId(index: number): string {
  return index.toString(16).padStart(16, '0');
}

/** A fleet in a database, and one or more nodes that roll out to it. */
async function fleet(context: TestContext, place: DatabasePlace, hosts: number) {
  const directory = workDirectory(context);
  const key = approverKey(directory);
  const store = await openFor(context, place);
  const { db } = store;
  let now = START;
  const clock = () => now;
  const agents = Array.from({ length: hosts }, (_, index) => agentId(index + 1));
  for (const [index, id] of agents.entries()) {
    await store.registerAgent(
      { id, version: '1', host: `h${index}`, os: 'linux' },
      new Date(now).toISOString(),
    );
    await db
      .updateTable('agents')
      .set({ grp: index % 2 === 0 ? 'even' : 'odd' })
      .where('id', '=', id)
      .execute();
  }
  const audit = new AuditLog(db, clock);
  const shelf = new BundleShelf({ db, audit, clock, trust: () => centralTrust(`${directory}/trust`) });
  const metrics = new Metrics();
  watchBundles(metrics, db);
  const offered: { agent: string; frame: BundleFrame }[] = [];
  const node = (name: string) => {
    const health = new FleetHealth(db, clock);
    const rollouts = new Rollouts({ db, audit, clock, health, onChange: () => undefined });
    const log = keptLog();
    const send = (agent: string, frame: BundleFrame) => offered.push({ agent, frame }) > 0;
    const offers = new Offers({ db, log, clock, rollouts, send, metrics });
    const settings = bundleSettings.parse({ soak_ms: SOAK_MS });
    const progress = new Progress({
      settings,
      rollouts,
      health,
      offers,
      lease: new Lease({
        db,
        duty: 'rollouts',
        node: name,
        silentMs: LEASE_MS,
        followsSession: false,
        monotonic: clock,
      }),
      log,
    });
    return { rollouts, offers, progress };
  };
  return {
    ...node('a'),
    node,
    db,
    key,
    shelf,
    store,
    agents,
    offered,
    metrics,
    pass: (ms: number) => {
      now += ms;
    },
    /** Ids that were offered a version, in order. */
    takers: (version: number) =>
      [...new Set(offered.filter(({ frame }) => frame.version === version).map(({ agent }) => agent))].sort(),
    stateOf: async (id: string) =>
      (
        await new Rollouts({
          db,
          audit,
          clock,
          health: new FleetHealth(db, clock),
          onChange: () => undefined,
        }).list()
      ).find((one) => one.id === id)?.state,
  };
}

type Fleet = Awaited<ReturnType<typeof fleet>>;

async function begin(
  { shelf, rollouts, key, progress }: Fleet,
  version: number,
  groups: readonly string[] = [],
) {
  await shelf.add(await configBundle(key, version), 'user:root');
  const { id } = await rollouts.start({ kind: 'config', version, groups, canaryPercent: 20 }, 'user:root');
  await progress.look();
  return id;
}

async function answer(
  { offers }: Fleet,
  agents: readonly string[],
  version: number,
  state: 'applied' | 'refused',
) {
  for (const agent of agents)
    await offers.note(agent, { kind: 'config', version, state, code: null, message: '' });
}

testOnEach('canaries get a bundle first, all others once those were well', async (context, place) => {
  const all = await fleet(context, place, 40);
  const id = await begin(all, 1);
  const canaries = all.takers(1);
  assert.ok(canaries.length > 0 && canaries.length < 20, `${canaries.length} canaries`);
  await answer(all, canaries, 1, 'applied');
  all.pass(SOAK_MS - 1);
  await all.progress.look();
  assert.deepEqual([await all.stateOf(id), all.takers(1)], ['canary', canaries]);
  all.pass(1);
  await all.progress.look();
  assert.deepEqual([await all.stateOf(id), all.takers(1).length], ['full', 40]);
  await answer(all, all.agents, 1, 'applied');
  await all.progress.look();
  assert.equal(await all.stateOf(id), 'done');
});

testOnEach(
  'a rollout stops by itself when canaries lose events, and nobody else gets it',
  async (context, place) => {
    const all = await fleet(context, place, 40);
    const id = await begin(all, 1);
    const canaries = all.takers(1);
    await answer(all, canaries, 1, 'applied');
    await all.db.updateTable('agents').set({ lost: '{"spool":3}' }).where('id', 'in', canaries).execute();
    all.pass(SOAK_MS);
    await all.progress.look();
    assert.deepEqual([await all.stateOf(id), all.takers(1)], ['stopped', canaries]);
    const audit = await all.db
      .selectFrom('audit')
      .select('action')
      .where('subject', '=', id)
      .orderBy('number')
      .execute();
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['rollout.start', 'rollout.stopped'],
    );
  },
);

testOnEach('it does not stop where all hosts lose alike', async (context, place) => {
  const all = await fleet(context, place, 40);
  const id = await begin(all, 1);
  await answer(all, all.takers(1), 1, 'applied');
  await all.db.updateTable('agents').set({ lost: '{"spool":3}' }).execute();
  all.pass(SOAK_MS);
  await all.progress.look();
  assert.equal(await all.stateOf(id), 'full');
});

testOnEach('canaries that fall silent, degrade, refuse or raise alarm stop it', async (context, place) => {
  const all = await fleet(context, place, 40);
  const spoil: readonly ((canaries: readonly string[]) => Promise<unknown>)[] = [
    (ids) => all.db.updateTable('agents').set({ state: 'disconnected' }).where('id', 'in', ids).execute(),
    (ids) =>
      all.db.updateTable('agents').set({ health: '[{"state":"failed"}]' }).where('id', 'in', ids).execute(),
    (ids) => answer(all, ids, 3, 'refused'),
    async ([agent = '']) => {
      const alerts = Array.from({ length: 30 }, (_, index) => plainAlert(index + 1, {}, agent));
      await all.store.storeBatches([{ agent, alerts, received: new Date(START + 3_600_000).toISOString() }]);
    },
  ];
  for (const [index, worsen] of spoil.entries()) {
    const version = index + 1;
    const id = await begin(all, version);
    const canaries = all.takers(version);
    await answer(all, canaries, version, 'applied');
    await worsen(canaries);
    all.pass(SOAK_MS + 60_001);
    await all.progress.look();
    assert.equal(await all.stateOf(id), 'stopped', `sign ${index}`);
    await all.db.updateTable('agents').set({ state: 'connected', health: '[]' }).execute();
  }
});

testOnEach(
  'only hosts of its groups are offered a bundle, also when they come later',
  async (context, place) => {
    const all = await fleet(context, place, 10);
    await all.shelf.add(await configBundle(all.key, 1), 'user:root');
    await all.rollouts.start({ kind: 'config', version: 1, groups: ['odd'], canaryPercent: 0 }, 'user:root');
    await all.progress.look();
    assert.deepEqual(
      all.takers(1),
      all.agents.filter((_, index) => index % 2 === 1),
    );
    const hello = { bundles: [] } as unknown as Parameters<Offers['greet']>[1];
    const before = all.offered.length;
    await all.offers.greet(all.agents[0] ?? '', hello);
    assert.equal(all.offered.length, before, 'another group');
  },
);

testOnEach('another node goes on with a rollout once the first is gone', async (context, place) => {
  const all = await fleet(context, place, 10);
  const id = await begin(all, 1);
  await answer(all, all.takers(1), 1, 'applied');
  const other = all.node('b');
  all.pass(10_000);
  await all.progress.look();
  all.pass(SOAK_MS - 10_000 - 1);
  await all.progress.look();
  all.pass(1);
  await other.progress.look();
  assert.equal(await all.stateOf(id), 'canary', 'the first node holds the lease');
  all.pass(60_000);
  await other.progress.look();
  assert.equal(await all.stateOf(id), 'full');
});

test('central takes in nothing that its trust roots do not sign, and no version that does not rise', async (context) => {
  const all = await fleet(context, `${workDirectory(context)}/central.db`, 1);
  const stranger = approverKey(workDirectory(context));
  await all.shelf.add(await configBundle(all.key, 2), 'user:root');
  const add = (text: string) => all.shelf.add(text, 'user:root');
  await assert.rejects(add(await configBundle(stranger, 3)), { code: 'APPROVAL_SIGNER_UNTRUSTED' });
  await assert.rejects(add(await configBundle(all.key, 2)), { code: 'CENTRAL_BUNDLE_VERSION_TAKEN' });
  await assert.rejects(add(await configBundle(all.key, 1)), { code: 'CENTRAL_BUNDLE_VERSION_TAKEN' });
  await assert.rejects(add('{}'), { code: 'APPROVAL_ENVELOPE_INVALID' });
  const ended = await configBundle(all.key, 3, { expires: new Date(START).toISOString() });
  await assert.rejects(add(ended), { code: 'CENTRAL_BUNDLE_EXPIRED' });
  assert.equal(await all.shelf.newestVersion('config'), 2);
});

testOnEach(
  'rollouts by state, hosts by what they said, and refusals by code are metrics',
  async (context, place) => {
    const all = await fleet(context, place, 5);
    const read = async () => {
      const lines = (await all.metrics.text()).split('\n');
      const told = lines.filter((line) => /^sealwatch_central_(?:rollouts|bundle)/.test(line));
      return told.map((line) => line.replace('sealwatch_central_', ''));
    };
    for (const line of ['rollouts{state="canary"} 0', 'bundles_applied{kind="policy"} 0'])
      assert.ok((await read()).includes(line), line);
    await begin(all, 1);
    await begin(all, 2);
    const [first = '', second = '', third = '', fourth = ''] = all.agents;
    await answer(all, [first, second], 2, 'applied');
    const said = { kind: 'config', version: 2, state: 'refused', message: '' } as const;
    await all.offers.note(third, { ...said, code: 'AGENT_BUNDLE_EXPIRED' });
    await all.offers.note(fourth, { ...said, code: 'what no agent of ours says"' });
    await all.db
      .updateTable('agents')
      .set({ revoked: new Date(START).toISOString() })
      .where('id', '=', second)
      .execute();
    const lines = await read();
    for (const line of [
      'rollouts{state="canary"} 1',
      'rollouts{state="superseded"} 1',
      'rollouts{state="stopped"} 0',
      'bundles_applied{kind="config"} 1',
      'bundles_refused{kind="config"} 2',
      'bundle_refusals_total{code="AGENT_BUNDLE_EXPIRED"} 1',
      'bundle_refusals_total{code="other"} 1',
    ])
      assert.ok(lines.includes(line), `${line} in ${lines.join('\n')}`);
  },
);
