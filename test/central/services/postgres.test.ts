import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PostgresCluster, withoutPostgres } from './postgres.ts';

test('a cluster keeps what was committed over a stop and over a kill', {
  skip: withoutPostgres(),
}, async (context) => {
  const cluster = await PostgresCluster.open();
  context.after(() => cluster.destroy());
  const url = await cluster.createDatabase();
  await cluster.query('CREATE TABLE kept (n integer)', url);
  for (const end of [() => cluster.stop(), () => cluster.kill()]) {
    await cluster.query('INSERT INTO kept VALUES (1)', url);
    await end();
    await assert.rejects(cluster.query('SELECT 1', url));
    assert.equal(cluster.pid, null);
    await cluster.start();
  }
  assert.deepEqual(await cluster.query('SELECT count(*)::int AS n FROM kept', url), [{ n: 2 }]);
  const overSocket = new URL(url);
  overSocket.searchParams.set('host', cluster.socketDirectory);
  assert.deepEqual(await cluster.query('SHOW fsync', overSocket.href), [{ fsync: 'on' }]);
});
