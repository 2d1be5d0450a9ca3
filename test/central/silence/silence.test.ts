import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../bench.ts';
import { testOnEach } from '../store/databases.ts';
import { id, START, Watched } from './watched.ts';

testOnEach('an agent not heard from for 30 s is told once, with its last state', async (context, place) => {
  const watched = await Watched.open(context, {}, undefined, place);
  await watched.arrive(1, 2);
  const health = [
    { collector: 'process/ebpf', state: 'ok' as const, detail: '' },
    { collector: 'file/watcher', state: 'failed' as const, detail: 'no watches left' },
  ];
  watched.presence.heard(id(1), watched.clock.wall, { type: 'heartbeat', last_seq: 9, waiting: 4, health });
  watched.presence.lost(id(1), {
    type: 'loss',
    since: new Date(START).toISOString(),
    lost: { spool: 12 },
  });
  await watched.seconds(29, 2);
  assert.deepEqual(await watched.told(), []);
  await watched.seconds(1, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1']);
  await watched.seconds(300, 2);
  assert.equal((await watched.told()).length, 1);
  const [alert] = watched.alerts;
  assert.deepEqual(alert?.event, {
    'agent.event': 'silent',
    'agent.id': id(1),
    'agent.host': 'host-1',
    'agent.group': '',
    'agent.version': '0.1',
    'agent.last_seen': '2026-11-28T10:00:00.000Z',
    'agent.waiting': 4,
    'agent.collectors': ['process/ebpf: ok', 'file/watcher: failed, no watches left'],
    'agent.lost': ['spool: 12'],
    'agent.detail': 'last heard of 2026-11-28T10:00:00.000Z',
  });
  assert.deepEqual(
    [alert?.rule.level, alert?.time, alert?.id],
    ['high', '2026-11-28T10:00:30.000Z', `${watched.own.agent}-1`],
  );
  assert.equal(await watched.stateOf(1), 'silent');
});

test('a clean stop is told once, and is no silence; a connection that is lost counts from its last word', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2, 3);
  await watched.seconds(10, 1, 2, 3);
  watched.leave(1, 'stop');
  watched.leave(2);
  await watched.seconds(1, 3);
  assert.deepEqual(await watched.told(), ['agent_stopped host-1 1']);
  assert.equal(watched.alerts[0]?.rule.level, 'low');
  assert.equal(watched.alerts[0]?.event['agent.stop_reason'], 'stop');
  await watched.seconds(29, 3);
  assert.deepEqual(await watched.told(), ['agent_stopped host-1 1', 'agent_silent host-2 1']);
  assert.equal(await watched.stateOf(1), 'stopped');
  await watched.seconds(600, 3);
  assert.equal((await watched.told()).length, 2);
});

test('the return of a silent agent is told with how long it was silent', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  await watched.seconds(95, 2);
  await watched.arrive(1);
  await watched.seconds(1, 1, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1', 'agent_returned host-1 1']);
  const returned = watched.alerts.at(-1);
  assert.deepEqual([returned?.event['agent.silent_ms'], returned?.rule.level], [95_000, 'informational']);
});

test('a session whose frames stop is silent though it is connected, and heard again with the next frame', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  await watched.seconds(31, 2);
  watched.beat(1);
  await watched.presence.flush();
  await watched.seconds(1, 1, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1', 'agent_returned host-1 1']);
  assert.equal(await watched.stateOf(1), 'connected');
});

test('an agent that central does not read is not silent', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  watched.paused.add(id(1));
  await watched.seconds(60, 2);
  assert.deepEqual(await watched.told(), []);
  watched.paused.clear();
  await watched.seconds(31, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1']);
});

test('an agent that flaps is told at growing intervals, with how often', async (context) => {
  const watched = await Watched.open(context, { fold_ms: 300_000 });
  await watched.arrive(1, 2);
  for (let round = 0; round < 12; round += 1) {
    await watched.seconds(40, 2);
    await watched.arrive(1);
    await watched.seconds(20, 1, 2);
  }
  const silences = (await watched.told()).filter((line) => line.startsWith('agent_silent'));
  assert.deepEqual(silences, ['agent_silent host-1 1', 'agent_silent host-1 5']);
});

test('jumps of the wall clock silence nobody', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2, 3);
  for (const jump of [3_600_000, -7_200_000, 86_400_000]) {
    watched.clock.wall += jump;
    await watched.seconds(20, 1, 2);
    watched.beat(3);
  }
  assert.deepEqual(await watched.told(), []);
  watched.clock.wall -= 86_400_000;
  await watched.seconds(31, 1, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-3 1']);
});

test('while central itself stood still nobody could be heard', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  watched.clock.pass(120_000);
  await watched.silence.sweep();
  await watched.seconds(29, 2);
  assert.deepEqual(await watched.told(), []);
  await watched.seconds(2, 2);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1']);
});

test('many silent at once are one outage; who does not return from it is told of', async (context) => {
  const watched = await Watched.open(context);
  const fleet = Array.from({ length: 40 }, (_, number) => number + 1);
  await watched.arrive(...fleet);
  for (let second = 0; second < 30; second += 1) {
    // Each beats every ten seconds, at its own second.
    await watched.seconds(1, ...fleet.filter((number) => number % 10 === second % 10));
  }
  const cut = fleet.filter((number) => number > 10);
  await watched.seconds(45, ...fleet.slice(0, 10));
  assert.deepEqual(await watched.told(), ['agent_silent (several hosts) 30']);
  const [outage] = watched.alerts;
  assert.deepEqual([outage?.event['agent.count'], outage?.event['agent.expected']], [30, 40]);
  const back = cut.filter((number) => number !== 17);
  await watched.arrive(...back);
  await watched.seconds(31, ...fleet.slice(0, 10), ...back);
  assert.equal((await watched.told()).length, 1, 'stragglers have the time of a return');
  await watched.seconds(5, ...fleet.slice(0, 10), ...back);
  assert.deepEqual((await watched.told()).slice(1), [
    'agent_returned (several hosts) 29',
    'agent_silent host-17 1',
  ]);
  await watched.seconds(60, ...fleet.slice(0, 10), ...back);
  assert.equal((await watched.told()).length, 3);
});

test('a few of many are told one by one', async (context) => {
  const watched = await Watched.open(context);
  const fleet = Array.from({ length: 100 }, (_, number) => number + 1);
  await watched.arrive(...fleet);
  await watched.seconds(31, ...fleet.slice(15));
  const told = await watched.told();
  assert.equal(told.length, 15);
  assert.ok(told.every((line) => /^agent_silent host-\d+ 1$/.test(line)));
});

testOnEach(
  'after a restart of central who does not come back is told of, and who was told of is not told again',
  async (context, place) => {
    const first = await Watched.open(context, {}, undefined, place);
    await first.arrive(1, 2, 3, 4);
    await first.seconds(31, 1, 2, 4);
    first.leave(4, 'stop');
    await first.presence.flush();
    assert.deepEqual(await first.told(), ['agent_silent host-3 1']);
    const second = await Watched.open(
      context,
      {},
      { store: first.store, clock: first.clock, node: 'central' },
    );
    await second.silence.start();
    await second.arrive(1);
    await second.seconds(31, 1);
    assert.deepEqual(await second.told(), [], 'they have the time of a return');
    await second.seconds(2, 1);
    assert.deepEqual(await second.told(), ['agent_silent host-2 1']);
    assert.equal(second.alerts[0]?.seq, 2, 'numbers go on');
    await second.arrive(3);
    await second.seconds(1, 1, 3);
    assert.deepEqual((await second.told()).slice(1), ['agent_returned host-3 1']);
    assert.equal(second.alerts.at(-1)?.event['agent.silent_ms'], 64_000);
  },
);

testOnEach(
  'an agent that another node hears is not silent, and one that nobody hears is told by one',
  async (context, place) => {
    const one = await Watched.open(context, {}, undefined, place);
    const { store, clock } = one;
    const two = await Watched.open(context, {}, { store, clock, node: 'two' });
    assert.notEqual(one.own.agent, two.own.agent);
    await one.arrive(1, 2);
    one.leave(1);
    one.leave(2);
    await one.presence.flush();
    await two.silence.start();
    await two.arrive(1);
    for (let second = 0; second < 90; second += 1) {
      clock.pass(1_000);
      if (second % 10 === 0) {
        two.beat(1);
        await two.presence.flush();
      }
      await one.silence.sweep();
      await two.silence.sweep();
    }
    assert.deepEqual([...(await one.told()), ...(await two.told())], ['agent_silent host-2 1']);
  },
);

test('a database that cannot be asked delays the alert', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  await watched.presence.flush();
  await watched.store.db.schema.alterTable('agents').renameTo('elsewhere').execute();
  await watched.seconds(40, 2);
  await watched.store.db.schema.alterTable('elsewhere').renameTo('agents').execute();
  await watched.seconds(1, 2);
  await until(() => watched.alerts.length === 1);
  assert.deepEqual(await watched.told(), ['agent_silent host-1 1']);
});

test('a revoked agent is not waited for', async (context) => {
  const watched = await Watched.open(context);
  await watched.arrive(1, 2);
  watched.leave(1);
  await watched.presence.flush();
  const revoked = new Date(START).toISOString();
  await watched.store.db.updateTable('agents').set({ revoked }).where('id', '=', id(1)).execute();
  await watched.seconds(60, 2);
  assert.deepEqual(await watched.told(), []);
});
