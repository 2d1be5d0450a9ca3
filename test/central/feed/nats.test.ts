import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { until } from '../bench.ts';
import { NatsCluster, type NatsNode, type NatsSettings, withoutNats } from '../services/nats.ts';
import { FeedBench, ids, secretFile } from './bench.ts';

const skip = withoutNats();
if (skip !== false) console.log(`SKIPPED: ${skip}`);

const SUBJECT = 'sealwatch.alerts';

/** One server, which asks nobody who they are unless told otherwise. */
async function startServer(context: TestContext, settings: NatsSettings = {}): Promise<NatsNode> {
  const cluster = await NatsCluster.open({ authorization: '', ...settings });
  context.after(() => cluster.destroy());
  return cluster.node(0);
}

const urlOf = ({ address }: NatsNode, scheme = 'nats') => `${scheme}://${address}`;

async function client(context: TestContext, server: NatsNode): Promise<NatsConnection> {
  const connection = await connect({
    servers: urlOf(server),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  context.after(() => connection.close());
  return connection;
}

async function addStream(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'ALERTS', subjects: [SUBJECT] });
}

/** Ids of all messages of the stream. */
async function streamed(connection: NatsConnection): Promise<string[]> {
  const manager = await jetstreamManager(connection);
  const { messages } = (await manager.streams.info('ALERTS')).state;
  const consumer = await jetstream(connection).consumers.get('ALERTS');
  const found: string[] = [];
  for (const batch = 500; found.length < messages; ) {
    for await (const message of await consumer.fetch({
      max_messages: Math.min(batch, messages - found.length),
    })) {
      found.push(message.json<{ id: string }>().id);
    }
  }
  return found;
}

test('JetStream killed and started in the middle has each alert once', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const server = await startServer(context);
  await addStream(await client(context, server));
  const feed = { name: 'nats', type: 'nats', servers: [urlOf(server)], subject: SUBJECT, timeout_seconds: 2 };
  await bench.start(feed);
  for (let round = 0; round < 3; round += 1) {
    await bench.put(1_000);
    await bench.until('nats', ({ position }) => position > round * 1_000);
    await server.kill();
    await server.start();
  }
  await bench.caughtUp('nats');
  assert.deepEqual(await streamed(await client(context, server)), ids(1, 3_000));
  assert.equal((await bench.status('nats')).deadLetters, 0);
});

test('where no stream takes the subject the feed waits for one', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const server = await startServer(context);
  await bench.start({
    name: 'nats',
    type: 'nats',
    servers: [urlOf(server)],
    subject: SUBJECT,
    timeout_seconds: 1,
  });
  await bench.put(10);
  await bench.until('nats', ({ failing }) => failing);
  const connection = await client(context, server);
  await addStream(connection);
  await bench.caughtUp('nats');
  assert.deepEqual(await streamed(connection), ids(1, 10));
});

test('without JetStream a subscriber gets each alert', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const server = await startServer(context);
  const connection = await client(context, server);
  const got: string[] = [];
  connection.subscribe(SUBJECT, {
    callback: (_error, message) => {
      assert.equal(message.headers?.get('Nats-Msg-Id'), message.json<{ event: { id: string } }>().event.id);
      got.push(message.json<{ event: { id: string } }>().event.id);
    },
  });
  await connection.flush();
  await bench.start({
    ...{ name: 'nats', type: 'nats', servers: [urlOf(server)], subject: SUBJECT },
    ...{ jetstream: false, format: 'ecs' },
  });
  await bench.put(500);
  await bench.caughtUp('nats');
  await until(() => got.length >= 500);
  assert.deepEqual(got, ids(1, 500));
});

test('an alert that the server is too small for is set aside; a wrong token or a server without TLS gets none', {
  skip,
}, async (context) => {
  const bench = new FeedBench(context);
  const server = await startServer(context, {
    maxPayload: 8_192,
    authorization: 'authorization { token: "right-token" }',
  });
  const nats = {
    type: 'nats',
    servers: [urlOf(server)],
    subject: SUBJECT,
    jetstream: false,
    timeout_seconds: 1,
  };
  await bench.start(
    { ...nats, name: 'right', token_file: secretFile(bench.directory, 'right', 'right-token') },
    { ...nats, name: 'wrong', token_file: secretFile(bench.directory, 'wrong', 'wrong-token') },
    {
      ...{ ...nats, servers: [urlOf(server, 'tls')] },
      ...{ name: 'tls', token_file: secretFile(bench.directory, 'again', 'right-token') },
    },
  );
  await bench.put(5, (seq) => (seq === 3 ? { event: { CommandLine: 'x'.repeat(10_000) } } : {}));
  await bench.caughtUp('right');
  const letters = await bench.feeds.deadLetters('right', 0, 10);
  assert.deepEqual(
    letters.map(({ alert }) => alert),
    ids(3, 3),
  );
  for (const name of ['wrong', 'tls']) {
    await bench.until(name, ({ failing }) => failing);
    assert.equal((await bench.status(name)).delivered, 0);
  }
  assert.match((await bench.status('tls')).lastError ?? '', /tls/);
  assert.ok(!bench.log.lines.join('\n').includes('right-token'));
});

test('a publication that the server does not permit is no delivery', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const server = await startServer(context, {
    authorization:
      'authorization { default_permissions: { publish: ["other.>"] }, users: [ { user: "u", password: "p" } ] }',
    lines: ['no_auth_user: u'],
  });
  await bench.start({
    name: 'nats',
    type: 'nats',
    servers: [urlOf(server)],
    subject: SUBJECT,
    jetstream: false,
  });
  await bench.put(1);
  await bench.until('nats', ({ lastError }) => /permission/i.test(lastError ?? ''));
  assert.equal((await bench.status('nats')).position, 0);
});
