import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testOnEach } from '../store/databases.ts';
import { id, Watched } from './watched.ts';

const FOLD = { fold_ms: 60_000 };

test('an upgrade whose agent is back in time is told of nowhere', async (context) => {
  const watched = await Watched.open(context, FOLD);
  await watched.arrive(1, 2);
  watched.leave(1, 'upgrade');
  await watched.seconds(50, 2);
  await watched.arrive(1);
  await watched.seconds(120, 1, 2);
  assert.deepEqual(await watched.told(), []);
  await watched.silence.stop();
  const facts = await watched.store.db.selectFrom('facts').select('name').execute();
  assert.equal(facts.length, 1, 'nothing of it is left but who central is');
});

test('an upgrade whose agent does not come back is told once, with the reason', async (context) => {
  const watched = await Watched.open(context, FOLD);
  await watched.arrive(1, 2);
  watched.leave(1, 'upgrade');
  await watched.seconds(59, 2);
  assert.deepEqual(await watched.told(), []);
  await watched.seconds(300, 2);
  assert.deepEqual(await watched.told(), ['agent_stopped host-1 1']);
  const { event, rule } = watched.alerts[0] ?? assert.fail();
  assert.deepEqual(
    [event['agent.stop_reason'], event['agent.host'], rule.level],
    ['upgrade', 'host-1', 'low'],
  );
});

test('a stop after an upgrade is told as a stop, once', async (context) => {
  const watched = await Watched.open(context, FOLD);
  await watched.arrive(1, 2);
  watched.leave(1, 'upgrade');
  await watched.seconds(5, 2);
  await watched.arrive(1);
  watched.leave(1, 'stop');
  await watched.seconds(120, 2);
  assert.equal((await watched.told()).length, 1);
  assert.deepEqual(
    watched.alerts.map(({ event }) => event['agent.stop_reason']),
    ['stop'],
  );
});

test('an uninstall is told at once, also of an agent that was stopped often', async (context) => {
  const watched = await Watched.open(context, FOLD);
  await watched.arrive(1, 2);
  for (let round = 0; round < 3; round += 1) {
    watched.leave(1, 'stop');
    await watched.seconds(2, 2);
    await watched.arrive(1);
  }
  assert.deepEqual(await watched.told(), ['agent_stopped host-1 1'], 'the stops after the first are folded');
  watched.leave(1, 'uninstall');
  await watched.seconds(1, 2);
  await watched.told();
  assert.equal(watched.alerts.at(-1)?.event['agent.stop_reason'], 'uninstall');
  await watched.seconds(60, 2);
  assert.deepEqual(
    (await watched.told()).slice(2),
    ['agent_stopped host-1 2'],
    'what was folded is told later',
  );
});

test('very many that stop at once are one alert', async (context) => {
  const watched = await Watched.open(context);
  const fleet = Array.from({ length: 120 }, (_, number) => number + 1);
  await watched.arrive(...fleet);
  for (const number of fleet) watched.leave(number, 'uninstall');
  await watched.seconds(1);
  assert.deepEqual(await watched.told(), ['agent_stopped (several hosts) 120']);
});

test('where stops are not to be told none is, and a revoked agent is never told of', async (context) => {
  const quiet = await Watched.open(context, { tell_stops: false });
  await quiet.arrive(1);
  quiet.leave(1, 'uninstall');
  await quiet.seconds(5);
  assert.deepEqual(await quiet.told(), []);
  const watched = await Watched.open(context);
  await watched.arrive(1);
  watched.leave(1, 'stop');
  const revoked = new Date(watched.clock.wall).toISOString();
  await watched.store.db.updateTable('agents').set({ revoked }).where('id', '=', id(1)).execute();
  await watched.seconds(5);
  assert.deepEqual(await watched.told(), []);
});

testOnEach(
  'an upgrade outlasts a restart of central, and one of two nodes tells of it',
  async (context, place) => {
    const first = await Watched.open(context, FOLD, undefined, place);
    await first.arrive(1, 2);
    first.leave(1, 'upgrade');
    await first.presence.flush();
    await first.seconds(20, 2);
    const shared = { store: first.store, clock: first.clock };
    const two = await Watched.open(context, FOLD, { ...shared, node: 'two' });
    const three = await Watched.open(context, FOLD, { ...shared, node: 'three' });
    for (const node of [two, three]) {
      await node.silence.start();
      await node.arrive(2);
    }
    for (let second = 0; second < 45; second += 1) {
      first.clock.pass(1_000);
      for (const node of [two, three]) {
        node.beat(2);
        await node.silence.sweep();
      }
    }
    const told = [...(await two.told()), ...(await three.told())];
    assert.deepEqual(told, ['agent_stopped host-1 1']);
  },
);

test('an agent that comes back from an upgrade to another node is told of nowhere', async (context) => {
  const one = await Watched.open(context, FOLD);
  const two = await Watched.open(context, FOLD, { store: one.store, clock: one.clock, node: 'two' });
  await one.arrive(1, 2);
  one.leave(1, 'upgrade');
  await one.presence.flush();
  await one.seconds(5, 2);
  await two.arrive(1);
  for (let second = 0; second < 90; second += 1) {
    two.beat(1);
    await two.presence.flush();
    await one.seconds(1, 2);
  }
  assert.deepEqual([...(await one.told()), ...(await two.told())], []);
});
