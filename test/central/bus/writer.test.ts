import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { connect as connectAgent, deliver, hello, knowCentral, Link, startCentral, until } from '../bench.ts';
import { plainAlert } from '../samples.ts';
import { AGENTS, Cluster, Sender, withoutServices } from './cluster.ts';

const skip = withoutServices();

async function natsOf(context: TestContext, cluster: Cluster) {
  const { servers, user, password: pass } = cluster.nats;
  const connection = await connect({ servers: [...servers], user, pass });
  context.after(() => connection.close());
  return connection;
}

test('a message that can never be stored is put aside with its reason, and others are stored', {
  skip,
}, async (context) => {
  const cluster = await Cluster.open(context);
  const node = await cluster.start('in', ['ingest']);
  const [one, two] = [new Sender(1), new Sender(2)];
  await one.deliver(() => [node.url], 3);
  const connection = await natsOf(context, cluster);
  const subject = (sender: Sender) => `sealwatch.alerts.${sender.agent}`;
  const publish = (sender: Sender, data: string, id: string) => {
    const carried = headers();
    carried.set('Sealwatch-Received', '2026-08-01T12:00:00.000Z');
    return jetstream(connection).publish(subject(sender), data, { msgID: id, headers: carried });
  };
  await publish(one, 'no JSON', `${one.agent}:4`);
  // The id of an alert of another agent, and another alert with a seq that is taken.
  const taken = plainAlert(1, { id: `${one.agent}-2` }, two.agent);
  await publish(two, JSON.stringify(taken), `${two.agent}:1`);
  await two.deliver(() => [node.url], 2);
  await cluster.start('out', ['writer']);
  await cluster.stored(4);
  const manager = await jetstreamManager(connection);
  await until(async () => (await manager.streams.info('sealwatch-dead')).state.messages === 2);
  const dead = await manager.streams.getMessage('sealwatch-dead', {
    last_by_subj: `sealwatch.dead.${one.agent}`,
  });
  assert.equal(dead?.header.get('Sealwatch-Reason'), 'the message is not JSON');
  const other = await manager.streams.getMessage('sealwatch-dead', {
    last_by_subj: `sealwatch.dead.${two.agent}`,
  });
  assert.match(other?.header.get('Sealwatch-Reason') ?? '', /^CENTRAL_ALERT_ID_TAKEN/);
  assert.deepEqual(await cluster.storedIds(), [...one.ids(3), `${two.agent}-2`]);
  await until(async () => (await manager.streams.info('sealwatch')).state.messages === 0);
});

test('a full stream refuses and counts, and takes alerts again once a writer has caught up', {
  skip,
}, async (context) => {
  const cluster = await Cluster.open(context, {}, { max_bytes: 1024 * 1024 });
  const database = { postgresUrl: cluster.database };
  const central = await startCentral(context, cluster.directory, {
    databasePath: database,
    roles: ['ingest'],
    bus: cluster.bus,
  });
  await knowCentral(central.url, central.agentUrl, cluster.directory, AGENTS);
  const sender = new Sender(1);
  const load = sender.deliver(() => [central.url], 2_000);
  const refused = async () => {
    const text = await (await fetch(`${central.url}/metrics`)).text();
    return /bus_refused_total\{reason="full"\} [1-9]/.test(text);
  };
  await until(async () => {
    await sleep(50);
    return await refused();
  });
  assert.ok(sender.acked < 2_000);
  const stranger = await fetch(`${central.url}/api/v1/alerts`);
  assert.equal(stranger.status, 404, 'a node without the API answers nothing of it');
  await cluster.start('out', ['writer']);
  await load;
  await cluster.stored(2_000);
  assert.deepEqual(await cluster.storedIds(), [...sender.ids(2_000)].sort());
});

test('an alert that comes again after the duplicate window is in the database once', {
  skip,
}, async (context) => {
  const cluster = await Cluster.open(context, {}, { duplicate_window_ms: 100 });
  const central = await startCentral(context, cluster.directory, {
    databasePath: { postgresUrl: cluster.database },
    roles: ['ingest', 'writer'],
    bus: cluster.bus,
  });
  const { agent } = new Sender(1);
  await knowCentral(central.url, central.agentUrl, cluster.directory, AGENTS);
  const { link } = await connectAgent(context, central, agent);
  const alerts = [1, 2, 3].map((seq) => plainAlert(seq, {}, agent));
  assert.equal(await deliver(link, alerts), 3);
  await cluster.stored(3);
  await sleep(500);
  assert.equal(await deliver(link, alerts), 3);
  await until(async () =>
    /alerts_duplicate_total 3/.test(await (await fetch(`${central.url}/metrics`)).text()),
  );
  assert.equal((await cluster.storedIds()).length, 3);
});

test('an agent that connects to another node leaves the session on the first', { skip }, async (context) => {
  const cluster = await Cluster.open(context);
  const [one, two] = [await cluster.start('in-1', ['ingest']), await cluster.start('in-2', ['ingest'])];
  const { agent } = new Sender(1);
  const older = new Link(one.url, agent);
  older.send(hello(agent));
  assert.equal((await older.next())?.type, 'welcome');
  // A claim is said once, so a node that is not on the bus yet does not hear it: connect until it is heard.
  let isClosed = false;
  void older.closed.then(() => {
    isClosed = true;
  });
  await until(async () => {
    const newer = new Link(two.url, agent);
    newer.send(hello(agent));
    assert.equal((await newer.next())?.type, 'welcome');
    await sleep(200);
    newer.socket.terminate();
    return isClosed;
  });
  assert.equal((await older.closed).code, 4409);
});
