import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Leadership } from '../../../central/bus/leadership.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { keptLog, until } from '../bench.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';

function candidate(place: DatabasePlace): Leadership & { readonly terms: string[] } {
  const terms: string[] = [];
  const leadership = new Leadership({
    place,
    duty: 'feeds',
    log: keptLog(),
    lead: async (signal) => {
      terms.push('begun');
      signal.addEventListener('abort', () => terms.push('ended'));
    },
  });
  return Object.assign(leadership, { terms });
}

test('the one central of an SQLite file leads until it stops', async () => {
  const only = candidate('central.db');
  assert.equal(only.isLeader, true);
  await only.stop();
  assert.deepEqual([only.terms, only.isLeader], [['begun', 'ended'], false]);
});

test('of two nodes one leads; the other takes over when it stops, and both strive on after PostgreSQL was away', {
  skip: withoutPostgres(),
}, async (context) => {
  const postgres = await PostgresCluster.open();
  context.after(() => postgres.destroy());
  const place = { postgresUrl: postgres.url() };
  const [one, two] = [candidate(place), candidate(place)];
  context.after(() => Promise.all([one.stop(), two.stop()]));
  await until(() => one.isLeader || two.isLeader);
  await postgres.kill();
  await until(() => !one.isLeader && !two.isLeader);
  await postgres.start();
  await until(() => one.isLeader || two.isLeader);
  const [leader, other] = one.isLeader ? [one, two] : [two, one];
  assert.equal(other.isLeader, false);
  await leader.stop();
  await until(() => other.isLeader);
  assert.equal(leader.isLeader, false);
});
