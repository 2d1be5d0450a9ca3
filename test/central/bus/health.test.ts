import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../bench.ts';
import type { Node } from '../services/node.ts';
import { Cluster, withoutServices } from './cluster.ts';

const LOOK_MS = 50;

async function ask({ url }: Node, path: string): Promise<object> {
  const response = await fetch(`${url}${path}`);
  return { code: response.status, ...Object(await response.json()) };
}

/** Waits until a node says so of itself. */
async function becomes(node: Node, expected: object): Promise<void> {
  await until(async () => {
    try {
      assert.partialDeepStrictEqual(await ask(node, '/healthz'), expected);
      return true;
    } catch {
      await sleep(LOOK_MS);
      return false;
    }
  });
}

test('a node is ready where it can do what its roles are, whatever else is away', {
  skip: withoutServices(),
}, async (context) => {
  const cluster = await Cluster.open(context);
  const taking = await cluster.start('in', ['ingest']);
  const writing = await cluster.start('out', ['writer']);
  const showing = await cluster.start('api', ['api', 'feeds']);
  const nodes = [taking, writing, showing];
  for (const node of nodes) await becomes(node, { code: 200, status: 'ok', database: 'ok', bus: 'ok' });

  await cluster.postgres.stop();
  const away = { database: 'failing', bus: 'ok' };
  await becomes(taking, { code: 200, status: 'degraded', ...away, roles: { ingest: 'ok' } });
  await becomes(writing, { code: 503, status: 'failing', ...away, roles: { writer: 'failing' } });
  await becomes(showing, { code: 503, status: 'failing', roles: { api: 'failing', feeds: 'failing' } });
  for (const node of nodes) assert.deepEqual(await ask(node, '/livez'), { code: 200, status: 'ok' });

  await cluster.postgres.start();
  await cluster.nats.stop();
  const without = { database: 'ok', bus: 'failing' };
  await becomes(taking, { code: 503, status: 'failing', ...without, roles: { ingest: 'failing' } });
  await becomes(writing, { code: 503, status: 'failing', ...without, roles: { writer: 'failing' } });
  await becomes(showing, { code: 200, status: 'degraded', ...without, roles: { api: 'ok', feeds: 'ok' } });

  await cluster.nats.start();
  for (const node of nodes) await becomes(node, { code: 200, status: 'ok', database: 'ok', bus: 'ok' });
});
