import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { connect, deliver, get, hello, keptLog, Link, startCentral, until, workDirectory } from './bench.ts';
import { AGENT, OTHER_AGENT, plainAlert, sampleServer } from './samples.ts';

test('alerts are stored, acknowledged and told of once, in the order of commit', async (context) => {
  const told: number[] = [];
  const central = await startCentral(context, workDirectory(context), {
    onAlert: (alert: Alert) => told.push(alert.seq),
  });
  const { link, acked } = await connect(context, central);
  assert.equal(acked, 0);
  assert.equal(await deliver(link, [plainAlert(1), plainAlert(2), plainAlert(5)]), 5);
  assert.equal(await deliver(link, [plainAlert(2), plainAlert(3), plainAlert(6)]), 6);
  assert.deepEqual(told, [1, 2, 5, 3, 6]);
  const { body } = await get(central, '/api/v1/alerts');
  assert.deepEqual(
    body.alerts.map((alert: Alert) => alert.seq),
    [1, 2, 5, 3, 6],
  );
  assert.deepEqual(body.alerts[0], plainAlert(1));
});

test('a reconnected agent is welcomed with what is committed, also after a restart of central', async (context) => {
  const directory = workDirectory(context);
  const first = await startCentral(context, directory);
  const { link } = await connect(context, first);
  await deliver(link, [plainAlert(1), plainAlert(2)]);
  link.socket.terminate();
  const again = await connect(context, first);
  assert.equal(again.acked, 2);
  await first.stop();
  assert.equal((await again.link.closed).code, 1001);
  const second = await startCentral(context, directory);
  const { link: third, acked } = await connect(context, second);
  assert.equal(acked, 2);
  assert.equal(await deliver(third, [plainAlert(1), plainAlert(2)]), 2);
  assert.equal((await get(second, '/api/v1/alerts')).body.alerts.length, 2);
});

test('a throwing listener disturbs nothing', async (context) => {
  const log = keptLog();
  const central = await startCentral(context, workDirectory(context), {
    log,
    onAlert: () => {
      throw new Error('listener');
    },
  });
  const { link } = await connect(context, central);
  assert.equal(await deliver(link, [plainAlert(1)]), 1);
  assert.ok(log.lines.some((line) => line.startsWith('error the listener')));
});

const hostile: readonly (readonly [string, string | Buffer, string | null, number])[] = [
  ['no JSON', '{', 'bad-frame', 4400],
  ['a deep array', '['.repeat(500_000), 'bad-frame', 4400],
  ['an unknown type', '{"type":"__proto__"}', 'bad-frame', 4400],
  ['binary', Buffer.from([1, 2, 3]), 'bad-frame', 4400],
  ['another protocol', JSON.stringify({ ...hello(), protocol: 2 }), 'unsupported-protocol', 4406],
  ['a heartbeat before hello', '{"type":"heartbeat","last_seq":1}', 'unexpected-frame', 4405],
  ['a frame over the limit', 'x'.repeat(4 * 1024 * 1024 + 1), null, 1009],
];

for (const [what, text, code, closeCode] of hostile) {
  test(`${what} ends its own session only`, async (context) => {
    const central = await startCentral(context, workDirectory(context));
    const { link: bystander } = await connect(context, central, OTHER_AGENT);
    const link = new Link(central.url);
    link.sendText(text);
    const frame = await link.next();
    assert.equal(frame?.type === 'refuse' ? frame.code : null, code);
    assert.equal((await link.closed).code, closeCode);
    assert.equal(await deliver(bystander, [plainAlert(1, {}, OTHER_AGENT)]), 1);
  });
}

const refusedBatches: readonly (readonly [string, Alert[], string])[] = [
  ['falling seqs', [plainAlert(2), plainAlert(1)], 'seq-out-of-order'],
  ['the same seq twice', [plainAlert(2), plainAlert(2)], 'seq-out-of-order'],
  ['an id of another agent', [plainAlert(1, { id: `${OTHER_AGENT}-1` })], 'bad-frame'],
  ['one id for two seqs', [plainAlert(1), plainAlert(2, { id: plainAlert(1).id })], 'bad-frame'],
  ['too many alerts', Array.from({ length: 257 }, (_, index) => plainAlert(index + 1)), 'bad-frame'],
];

for (const [what, alerts, code] of refusedBatches) {
  test(`a batch with ${what} is refused and nothing of it is stored`, async (context) => {
    const central = await startCentral(context, workDirectory(context));
    const { link } = await connect(context, central);
    link.send({ type: 'batch', alerts });
    const frame = await link.next();
    assert.equal(frame?.type === 'refuse' ? frame.code : null, code);
    await link.closed;
    assert.deepEqual((await get(central, '/api/v1/alerts')).body, { alerts: [], next: null });
  });
}

test('who says no hello is cut off', async (context) => {
  const central = await startCentral(context, workDirectory(context), { ingest: { hello_timeout_ms: 20 } });
  const link = new Link(central.url);
  assert.equal((await link.closed).code, 4408);
});

test('a connection that answers no ping is cut, one that answers stays', async (context) => {
  const log = keptLog();
  const central = await startCentral(context, workDirectory(context), {
    log,
    ingest: { ping_interval_ms: 50 },
  });
  const { link: alive } = await connect(context, central, OTHER_AGENT);
  const deaf = new Link(central.url, AGENT, { autoPong: false });
  deaf.send(hello());
  assert.equal((await deaf.closed).code, 1006);
  assert.ok(log.lines.some((line) => line.startsWith('warn connection is dead')));
  assert.equal(await deliver(alive, [plainAlert(1, {}, OTHER_AGENT)]), 1);
});

test('a second session of an agent replaces the first', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const first = await connect(context, central);
  await deliver(first.link, [plainAlert(1)]);
  const second = await connect(context, central);
  assert.equal((await first.link.closed).code, 4409);
  assert.equal(second.acked, 1);
  assert.equal(await deliver(second.link, [plainAlert(2)]), 2);
  const { body } = await get(central, '/api/v1/hosts');
  assert.equal(body.hosts[0].state, 'connected');
});

test('an agent that lost its spool is counted, and its clashing alerts are too', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1), plainAlert(2)]);
  const later = new Link(central.url);
  later.send(hello(AGENT, 0));
  await later.next();
  assert.equal(await deliver(later, [plainAlert(1, { id: `${AGENT}-other` })]), 2);
  const { body } = await get(central, '/metrics');
  assert.match(body, /agents_behind_total 1/);
  assert.match(body, /alerts_conflicting_total 1/);
});

test('inventory replaces what was known; goodbye and silence are told apart', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  link.send({ type: 'inventory', servers: [sampleServer('a'), sampleServer('b')], omitted: 0 });
  link.send({
    type: 'inventory',
    servers: [sampleServer('b'), sampleServer('c'), sampleServer('c')],
    omitted: 0,
  });
  link.send({ type: 'heartbeat', last_seq: 0 });
  link.send({ type: 'goodbye', reason: 'stop' });
  assert.equal((await link.closed).code, 1000);
  const stateOf = async () => (await get(central, '/api/v1/hosts')).body.hosts[0].state;
  await until(async () => (await stateOf()) !== 'connected');
  assert.equal(await stateOf(), 'stopped');
  const servers = (await get(central, '/api/v1/servers')).body.servers;
  assert.deepEqual(
    servers.map((server: { id: string }) => server.id),
    ['b', 'c'],
  );
  assert.equal(servers[0].agent, AGENT);
  const again = await connect(context, central);
  again.link.socket.terminate();
  await until(async () => (await stateOf()) !== 'connected');
  assert.equal(await stateOf(), 'disconnected');
});

test('a flood of frames is taken in order, each acknowledged', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  for (let seq = 1; seq <= 200; seq += 1) link.send({ type: 'batch', alerts: [plainAlert(seq)] });
  for (let seq = 1; seq <= 200; seq += 1) {
    assert.deepEqual(await link.next(), { type: 'ack', seq });
  }
});
