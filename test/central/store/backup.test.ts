import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { backUp, restore } from '../../../central/store/backup.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore } from '../../../central/store/store.ts';
import { workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { coded, keep, openFor, PAGE, register, seqsOf, sharedCluster, testOnEach } from './databases.ts';

/** Another database of the same kind, empty. */
async function other(context: TestContext, place: DatabasePlace): Promise<DatabasePlace> {
  return typeof place === 'string'
    ? join(workDirectory(context), 'other.db')
    : { postgresUrl: await (await sharedCluster()).createDatabase() };
}

testOnEach(
  'a backup that is taken while alerts come in holds a state of the database',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT);
    const target = join(workDirectory(context), 'backup');
    let isDone = false;
    const backup = backUp(place, target).finally(() => {
      isDone = true;
    });
    let seq = 0;
    while (!isDone) {
      await keep(
        store,
        Array.from({ length: 20 }, () => plainAlert(++seq)),
      );
      await store.indexAlerts(20);
    }
    const report = await backup;
    assert.ok(report.alerts < seq && report.alerts % 20 === 0);
    assert.equal(statSync(target).mode & 0o777, 0o600);
    assert.equal(statSync(target).size, report.bytes);
    const place2 = await other(context, place);
    assert.deepEqual(await restore(place2, target, { force: false }), report);
    const restored = await openFor(context, place2);
    const all = { rows: seq, bytes: Number.MAX_SAFE_INTEGER };
    const seqs = (await restored.pageOfAlerts({ after: 0 }, all)).map(({ body }) => JSON.parse(body).seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: report.alerts }, (_, index) => index + 1),
    );
    assert.equal(
      await restored.registerAgent({ id: AGENT, version: '1', host: 'h', os: 'o' }, ''),
      report.alerts,
    );
    await keep(restored, [plainAlert(report.alerts + 1, { user: 'zoe' })]);
    while ((await restored.indexAlerts(1_000)) > 0);
    assert.equal((await restored.searchAlerts('zoe', { after: 0 }, PAGE)).length, 1);
  },
);

testOnEach(
  'a database in use is replaced by force only, and never under a central',
  async (context, place) => {
    const store = await openStore(place);
    await register(store, AGENT);
    await keep(store, [plainAlert(1)]);
    const target = join(workDirectory(context), 'backup');
    await backUp(place, target);
    await assert.rejects(backUp(place, target), coded('CENTRAL_BACKUP_EXISTS'));
    await keep(store, [plainAlert(2)]);
    await assert.rejects(restore(place, target, { force: true }), coded('CENTRAL_DATABASE_LOCKED'));
    await store.close();
    await assert.rejects(restore(place, target, { force: false }), coded('CENTRAL_RESTORE_REFUSED'));
    await restore(place, target, { force: true });
    const restored = await openFor(context, place);
    assert.deepEqual(await seqsOf(restored), [1]);
    if (typeof place === 'string') assert.ok(existsSync(`${place}.replaced`));
  },
);

testOnEach('what is no whole backup is refused and replaces nothing', async (context, place) => {
  const store = await openStore(place);
  await register(store, AGENT);
  await keep(
    store,
    Array.from({ length: 200 }, (_, index) => plainAlert(index + 1)),
  );
  const directory = workDirectory(context);
  const target = join(directory, 'backup');
  const { bytes } = await backUp(place, target);
  await store.close();
  const whole = readFileSync(target);
  const middle = Math.floor(bytes / 2);
  const overwritten = Buffer.from(whole);
  overwritten.fill(0x55, middle, middle + 9_000);
  writeFileSync(join(directory, 'overwritten'), overwritten);
  writeFileSync(join(directory, 'text'), 'no backup');
  truncateSync(target, middle);
  for (const name of ['backup', 'overwritten', 'text', 'missing']) {
    const code = coded('CENTRAL_BACKUP_DAMAGED');
    await assert.rejects(restore(place, join(directory, name), { force: true }), code, name);
  }
  assert.equal((await seqsOf(await openFor(context, place))).length, 200);
});
