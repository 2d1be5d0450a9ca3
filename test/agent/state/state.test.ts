import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { AgentError } from '../../../agent/errors.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { SnapshotStore, snapshotOf } from '../../../agent/state/snapshot.ts';
import { readAlerts, Spool } from '../../../agent/state/spool.ts';
import { limits } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { draft, known } from '../samples.ts';

function open(state: TempDirectory, cap?: number) {
  const database = openDatabase(state.path);
  const meta = new Meta(database);
  return { database, meta, spool: new Spool(database, meta, cap) };
}
const seqs = (alerts: readonly { readonly seq: number }[]) => alerts.map(({ seq }) => seq);

test('numbers rise across restarts and deletion, and are never given twice', () => {
  using state = new TempDirectory();
  const first = open(state);
  assert.deepEqual(seqs([1, 2, 3].map(() => first.spool.append(draft()))), [1, 2, 3]);
  first.spool.acknowledge(2);
  first.database.exec('DELETE FROM spool');
  first.database.close();
  const second = open(state);
  assert.equal(second.spool.last, 3);
  assert.equal(second.spool.acked, 2);
  const alert = second.spool.append(draft());
  assert.equal(alert.seq, 4);
  assert.equal(alert.id, `${second.meta.agentId()}-4`);
  second.database.close();
});

test('an acknowledgement counts once and never goes back', () => {
  using state = new TempDirectory();
  const { spool, database } = open(state);
  for (let n = 0; n < 5; n += 1) spool.append(draft());
  spool.acknowledge(3);
  spool.acknowledge(1);
  assert.equal(spool.acked, 3);
  assert.equal(spool.waiting, 2);
  assert.deepEqual(seqs(spool.after(spool.acked)), [4, 5]);
  assert.deepEqual(seqs(readAlerts(database, 0, 10)), [1, 2, 3, 4, 5]);
  database.close();
});

test('over the cap the oldest of the lowest level goes first, and room is made for the alert about it', () => {
  using state = new TempDirectory();
  const size = JSON.stringify({ id: `${'0'.repeat(16)}-1`, seq: 99, ...draft('critical') }).length + 1;
  const { spool, database } = open(state, size * 16);
  for (let n = 0; n < 16; n += 1) spool.append(draft(n % 4 === 0 ? 'low' : 'critical'));
  assert.equal(spool.evict(), 0);
  spool.append(draft('high'));
  assert.equal(spool.evict(), 3);
  assert.deepEqual(seqs(spool.after(0)), [2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17]);
  spool.append(draft('high'));
  assert.equal(spool.evict(), 0);
  database.close();
});

test('a batch ends at its count, and at its bytes', () => {
  using state = new TempDirectory();
  const { spool, database } = open(state);
  database.transaction(() => {
    for (let n = 0; n < limits.MAX_BATCH_ALERTS + 10; n += 1) spool.append(draft());
  })();
  assert.equal(spool.after(0).length, limits.MAX_BATCH_ALERTS);
  const large = { ...draft(), user: 'x'.repeat(limits.TARGET_BATCH_BYTES / 2) };
  for (let n = 0; n < 3; n += 1) spool.append(large);
  assert.equal(spool.after(limits.MAX_BATCH_ALERTS + 10).length, 1);
  spool.append({ ...draft(), user: 'x'.repeat(limits.TARGET_BATCH_BYTES * 2) });
  assert.equal(spool.after(spool.last - 1).length, 1, 'one that is larger than a batch still goes');
  database.close();
});

test('numbers go on above those that central knows, and what waits is sent again under new ones', () => {
  using state = new TempDirectory();
  const { spool, database } = open(state);
  for (let n = 0; n < 3; n += 1) spool.append(draft());
  spool.acknowledge(1);
  spool.skipTo(100);
  assert.equal(spool.acked, 100);
  assert.deepEqual(seqs(spool.after(100)), [101, 102]);
  assert.ok(spool.after(100).every(({ id, seq }) => id.endsWith(`-${seq}`)));
  assert.equal(spool.append(draft()).seq, 103);
  database.close();
});

test('a database of a newer version, or one that is none, is refused', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  database.pragma('user_version = 99');
  database.close();
  const code = (wanted: string) => (error: unknown) => error instanceof AgentError && error.code === wanted;
  assert.throws(() => openDatabase(state.path), code('AGENT_STATE_TOO_NEW'));
  state.write('other/agent.db', 'this is no database at all, and long enough to be seen as such');
  assert.throws(() => openDatabase(state.at('other')), code('AGENT_STATE_UNUSABLE'));
  assert.throws(() => openDatabase(state.at('other/agent.db/below')), code('AGENT_STATE_UNUSABLE'));
});

test('identity and salt are made once, differ, and lie in a file for the owner only', () => {
  using state = new TempDirectory();
  const first = open(state);
  const [id, salt] = [first.meta.agentId(), first.meta.salt()];
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.match(salt, /^[0-9a-f]{64}$/);
  first.database.close();
  const second = open(state);
  assert.deepEqual([second.meta.agentId(), second.meta.salt()], [id, salt]);
  assert.equal(statSync(state.at('agent.db')).mode & 0o077, 0);
  second.database.close();
});

test('which kinds of findings were looked for outlasts a restart', () => {
  using state = new TempDirectory();
  const first = open(state);
  const store = new SnapshotStore(first.database);
  assert.deepEqual(store.findingKinds(), new Set());
  store.setFindingKinds(new Set(['developer/a', 'developer/b']));
  first.database.close();
  const second = open(state);
  assert.deepEqual(
    new SnapshotStore(second.database).findingKinds(),
    new Set(['developer/a', 'developer/b']),
  );
  second.database.close();
});

test('snapshots, problems and reports outlast a restart', () => {
  using state = new TempDirectory();
  const first = open(state);
  const store = new SnapshotStore(first.database);
  assert.equal(store.baselined(), false);
  const snapshot = snapshotOf(known(), null);
  store.put(snapshot);
  store.put(snapshotOf(known({ server: { id: 'b'.repeat(16) } }), null));
  store.remove('b'.repeat(16));
  store.replaceProblems(['a', 'b', 'a']);
  store.replaceProblems(['c']);
  store.setBaselined();
  assert.equal(store.firstTime('start', 1_000, 500), true);
  first.database.close();
  const second = open(state);
  const again = new SnapshotStore(second.database);
  assert.deepEqual([...again.load().values()], [snapshot]);
  assert.deepEqual([...again.problems()], ['c']);
  assert.equal(again.baselined(), true);
  assert.equal(again.firstTime('start', 1_400, 500), false);
  assert.equal(again.firstTime('start', 1_501, 500), true);
  second.database.close();
});

test('that a server was approved is remembered after the approval is gone', () => {
  const approved = snapshotOf(known({ approved: true }), null);
  assert.equal(approved.approved_before, true);
  assert.equal(snapshotOf(known(), approved).approved_before, true);
  assert.equal(snapshotOf(known(), null).approved_before, false);
});
