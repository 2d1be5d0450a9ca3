import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, deliver, get, hello, Link, startCentral, until, workDirectory } from '../bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';

test('an ack says that nothing below it is missing: a batch that skips is refused, and the agent starts again', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  link.send({ type: 'batch', after: 0, alerts: [plainAlert(1), plainAlert(2)] });
  assert.deepEqual(await link.next(), { type: 'ack', seq: 2 });
  link.send({ type: 'batch', after: 4, alerts: [plainAlert(5)] });
  const refusal = await link.next();
  assert.equal(refusal?.type === 'refuse' ? refusal.code : null, 'seq-gap');
  assert.equal((await link.closed).code, 4411);
  const { link: again, acked } = await connect(context, central);
  assert.equal(acked, 2);
  again.send({ type: 'batch', after: 2, alerts: [plainAlert(3), plainAlert(4), plainAlert(5)] });
  assert.deepEqual(await again.next(), { type: 'ack', seq: 5 });
});

test('a gap that the agent accounts for is none', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  link.send({ type: 'batch', after: 0, alerts: [plainAlert(7), plainAlert(9)] });
  assert.deepEqual(await link.next(), { type: 'ack', seq: 9 });
  link.send({ type: 'batch', after: 3, alerts: [plainAlert(7), plainAlert(10)] });
  assert.deepEqual(await link.next(), { type: 'ack', seq: 10 });
  assert.equal((await get(central, '/api/v1/alerts')).body.alerts.length, 3);
  link.send({ type: 'batch', after: 10, alerts: [plainAlert(10)] });
  const refusal = await link.next();
  assert.equal(refusal?.type === 'refuse' ? refusal.code : null, 'seq-out-of-order');
});

test('batches that are sent ahead of their acks follow each other without a gap', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const { link } = await connect(context, central);
  for (let seq = 1; seq <= 4; seq += 1)
    link.send({ type: 'batch', after: seq - 1, alerts: [plainAlert(seq)] });
  for (let seq = 1; seq <= 4; seq += 1) assert.deepEqual(await link.next(), { type: 'ack', seq });
});

test('an agent is told over how long it shall spread its return', async (context) => {
  const central = await startCentral(context, workDirectory(context), { ingest: { hellos_per_second: 1 } });
  const windows: (number | undefined)[] = [];
  for (const agent of [AGENT, OTHER_AGENT]) {
    const link = new Link(central.url, agent);
    context.after(() => link.socket.terminate());
    link.send(hello(agent));
    const welcome = await link.next();
    windows.push(welcome?.type === 'welcome' ? welcome.reconnect_ms : undefined);
  }
  assert.deepEqual(windows, [1_000, 2_000]);
});

test('an agent that sends more than it may is read slower and loses nothing', async (context) => {
  const central = await startCentral(context, workDirectory(context), {
    ingest: { alerts_per_second: 100, frames_per_second: 1_000 },
  });
  const { link } = await connect(context, central);
  for (let seq = 1; seq <= 241; seq += 40) {
    const alerts = Array.from({ length: 40 }, (_, index) => plainAlert(seq + index));
    link.send({ type: 'batch', after: seq - 1, alerts });
  }
  for (let seq = 40; seq <= 280; seq += 40) assert.deepEqual(await link.next(), { type: 'ack', seq });
  assert.match((await get(central, '/metrics')).body, /sessions_held_total [1-9]/);
});

for (const [what, flood] of [
  ['tiny frames', (link: Link) => link.send({ type: 'heartbeat', last_seq: 0 })],
  ['pings', (link: Link) => link.socket.ping()],
  ['pongs that nobody asked for', (link: Link) => link.socket.pong()],
] as const) {
  test(`a flood of ${what} ends its own session`, async (context) => {
    const central = await startCentral(context, workDirectory(context), {
      ingest: { frames_per_second: 20 },
    });
    const { link: bystander } = await connect(context, central, OTHER_AGENT);
    const { link } = await connect(context, central);
    let isOpen = true;
    void link.closed.then(() => {
      isOpen = false;
    });
    const storm = setInterval(() => {
      for (let count = 0; isOpen && count < 1_000; count += 1) flood(link);
    }, 1);
    context.after(() => clearInterval(storm));
    await link.closed;
    clearInterval(storm);
    // Who goes on sending may find its connection reset before it reads why.
    assert.match((await get(central, '/metrics')).body, /refusals_total\{code="too-fast"\} 1/);
    assert.equal(await deliver(bystander, [plainAlert(1, {}, OTHER_AGENT)]), 1);
  });
}

test('losses and state of an agent reach its row', async (context) => {
  const central = await startCentral(context, workDirectory(context), { ingest: { note_interval_ms: 10 } });
  const { link } = await connect(context, central);
  link.send({ type: 'loss', since: '2026-11-28T10:00:00.000Z', lost: { spool: 2 } });
  link.send({ type: 'bundle_state', kind: 'rules', version: 1, state: 'applied', code: null, message: '' });
  link.send({ type: 'result', id: 'nobody-asked', ok: true, message: '' });
  assert.equal(await deliver(link, [plainAlert(1)]), 1);
  const { body } = await get(central, '/metrics');
  for (const type of ['loss', 'bundle_state', 'result']) {
    assert.match(body, new RegExp(`frames_total\\{type="${type}"\\} 1`));
  }
  link.socket.terminate();
  await until(async () => (await get(central, '/api/v1/hosts')).body.hosts[0].state === 'disconnected');
  assert.equal((await get(central, '/api/v1/hosts')).body.hosts[0].id, AGENT);
});
