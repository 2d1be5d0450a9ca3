import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../bench.ts';
import type { Node } from '../services/node.ts';
import { Cluster, Sender, sentIds, withoutServices } from './cluster.ts';

const SENDERS = 4;
const ALERTS = 400;
/** Milliseconds that a sender rests behind each ack, so that the load lasts over the faults. */
const PACE_MS = 60;

/** Runs a load while something happens to the cluster; every alert must be stored, once. */
async function survives(
  context: TestContext,
  cluster: Cluster,
  urls: () => readonly string[],
  happen: () => Promise<void>,
): Promise<void> {
  const senders = Array.from({ length: SENDERS }, (_, at) => new Sender(at + 1));
  const load = Promise.all(senders.map((sender) => sender.deliver(urls, ALERTS, PACE_MS)));
  const acked = () => senders.reduce((sum, sender) => sum + sender.acked, 0);
  await until(() => acked() > 0);
  const before = acked();
  await happen();
  await load;
  await cluster.stored(SENDERS * ALERTS);
  assert.deepEqual(await cluster.storedIds(), sentIds(senders, ALERTS));
  assert.ok(before < SENDERS * ALERTS, 'it happened under load');
  context.diagnostic(`${before} of ${SENDERS * ALERTS} alerts were acknowledged when it happened`);
}

test('ingest nodes and writers killed under load lose nothing and store nothing twice', {
  skip: withoutServices(),
}, async (context) => {
  const cluster = await Cluster.open(context);
  const nodes: Node[] = [await cluster.start('in-1', ['ingest']), await cluster.start('in-2', ['ingest'])];
  let writer = await cluster.start('out-1', ['writer']);
  await survives(
    context,
    cluster,
    () => nodes.map(({ url }) => url),
    async () => {
      for (let round = 0; round < 2; round += 1) {
        await nodes[round]?.end();
        await writer.end();
        nodes[round] = await cluster.start(`in-${round}b`, ['ingest']);
        writer = await cluster.start(`out-${round}b`, ['writer']);
      }
    },
  );
});

test('a NATS that is killed, and one that is stopped for a while, lose nothing', {
  skip: withoutServices(),
}, async (context) => {
  const cluster = await Cluster.open(context, {}, { publish_wait_ms: 1_000 });
  const node = await cluster.start('both', ['ingest', 'writer']);
  await survives(
    context,
    cluster,
    () => [node.url],
    async () => {
      await cluster.nats.node(0).kill();
      await cluster.nats.node(0).start();
      await sleep(300);
      await cluster.nats.node(0).stop();
      await sleep(1_500);
      await cluster.nats.node(0).start();
    },
  );
});

test('one of three NATS servers killed under load loses nothing', {
  skip: withoutServices(),
}, async (context) => {
  const cluster = await Cluster.open(context, { nodes: 3 }, { replicas: 3 });
  const node = await cluster.start('both', ['ingest', 'writer']);
  await survives(
    context,
    cluster,
    () => [node.url],
    async () => {
      for (const index of [0, 1]) {
        await cluster.nats.node(index).kill();
        await sleep(500);
        await cluster.nats.node(index).start();
      }
    },
  );
});

test('agents connect and are acknowledged while PostgreSQL is down', {
  skip: withoutServices(),
}, async (context) => {
  const cluster = await Cluster.open(context);
  const node = await cluster.start('in', ['ingest']);
  const writer = await cluster.start('out', ['writer']);
  const urls = () => [node.url];
  const sender = new Sender(1);
  await sender.deliver(urls, 50);
  await cluster.stored(50);
  await cluster.postgres.stop();
  await sender.deliver(urls, 200);
  const unknown = new Sender(2);
  await unknown.deliver(urls, 100);
  // Nobody but the bus can say what is acknowledged now.
  const again = new Sender(2);
  await again.deliver(urls, 100);
  assert.equal(again.acked, 100);
  assert.equal(sender.forgotten, null);
  // The node that welcomed the second agent dies before it could write it down.
  await node.end();
  await cluster.postgres.start();
  await cluster.stored(300);
  const ids = [...sender.ids(200), ...unknown.ids(100)].sort();
  assert.deepEqual(await cluster.storedIds(), ids);
  const agents = await cluster.postgres.query(
    'SELECT last_seq::int AS seq FROM agents WHERE last_seq > 0 ORDER BY id',
    cluster.database,
  );
  assert.deepEqual(agents, [{ seq: 200 }, { seq: 100 }]);
  await writer.end('SIGTERM');
});
