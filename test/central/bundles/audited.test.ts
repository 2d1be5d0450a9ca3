import assert from 'node:assert/strict';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { BundleShelf, centralTrust } from '../../../central/bundles/bundle-shelf.ts';
import { FleetHealth } from '../../../central/bundles/fleet-health.ts';
import { Rollouts } from '../../../central/bundles/rollouts.ts';
import { workDirectory } from '../bench.ts';
import { openFor, testOnEach } from '../store/databases.ts';
import { approverKey, configBundle } from './signers.ts';

testOnEach('what cannot be written into the audit log does not happen', async (context, place) => {
  const directory = workDirectory(context);
  const key = approverKey(directory);
  const { db } = await openFor(context, place);
  const clock = Date.now;
  const audit = new AuditLog(db, clock);
  const shelf = new BundleShelf({ db, audit, clock, trust: () => centralTrust(`${directory}/trust`) });
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const rollouts = new Rollouts({ db, audit, clock, health: new FleetHealth(db, clock), onChange });
  const start = (version: number) =>
    rollouts.start({ kind: 'config', version, groups: [], canaryPercent: 0 }, 'user:root');
  await shelf.add(await configBundle(key, 1), 'user:root');
  await shelf.add(await configBundle(key, 2), 'user:root');
  const { id } = await start(1);
  await db.schema.alterTable('audit').renameTo('audit_elsewhere').execute();
  await assert.rejects(shelf.add(await configBundle(key, 3), 'user:root'));
  await assert.rejects(start(2));
  await assert.rejects(rollouts.stop(id, 'enough', 'user:root'));
  await db.schema.alterTable('audit_elsewhere').renameTo('audit').execute();
  assert.equal(await shelf.newestVersion('config'), 2);
  const [only, ...others] = await rollouts.list();
  assert.deepEqual([only?.id, only?.state, others.length, changes], [id, 'full', 0, 1]);
  await start(2);
  const entries = await db.selectFrom('audit').select(['action', 'subject']).orderBy('number').execute();
  assert.deepEqual(
    entries.slice(-2).map(({ action }) => action),
    ['rollout.start', 'rollout.superseded'],
  );
  assert.equal(entries.at(-1)?.subject, id);
});
