import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { NatsCluster, withoutNats } from './nats.ts';

async function connectTo(context: TestContext, cluster: NatsCluster) {
  const { servers, user, password: pass } = cluster;
  const connection = await connect({ servers: [...servers], user, pass, maxReconnectAttempts: -1 });
  context.after(() => connection.close());
  return connection;
}

test('a server keeps what it acknowledged over a stop and over a kill', {
  skip: withoutNats(),
}, async (context) => {
  const cluster = await NatsCluster.open();
  context.after(() => cluster.destroy());
  const first = await jetstreamManager(await connectTo(context, cluster));
  await first.streams.add({ name: 'kept', subjects: ['kept'] });
  for (const end of ['stop', 'kill'] as const) {
    await jetstream(await connectTo(context, cluster)).publish('kept', 'one');
    await cluster.node(0)[end]();
    assert.equal(cluster.node(0).pid, null);
    await cluster.node(0).start();
  }
  const again = await connectTo(context, cluster);
  const { state } = await (await jetstreamManager(again)).streams.info('kept');
  assert.equal(state.messages, 2);
});

test('three servers keep serving without one of them', { skip: withoutNats() }, async (context) => {
  const cluster = await NatsCluster.open({ nodes: 3 });
  context.after(() => cluster.destroy());
  const connection = await connectTo(context, cluster);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'kept', subjects: ['kept'], num_replicas: 3 });
  await jetstream(connection).publish('kept', 'one');
  await cluster.node(2).kill();
  const other = await connectTo(context, cluster);
  await jetstream(other).publish('kept', 'two', { retries: 20 });
  await cluster.node(2).start();
  const { state } = await (await jetstreamManager(other)).streams.info('kept');
  assert.equal(state.messages, 2);
});
