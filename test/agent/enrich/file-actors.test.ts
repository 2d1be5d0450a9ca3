import assert from 'node:assert/strict';
import { renameSync, symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { attributed } from '../../../agent/enrich/attribution.ts';
import { evidenceOf } from '../../../agent/enrich/change-evidence.ts';
import { FileActors, type Writer } from '../../../agent/enrich/file-actors.ts';
import { ProcessTable } from '../../../agent/enrich/process-table.ts';
import type { Fact } from '../../../agent/fact.ts';
import { openDatabase } from '../../../agent/state/database.ts';
import { KeptWriters, keptOf } from '../../../agent/state/kept-writers.ts';
import type { FileWrite } from '../../../wire/index.ts';
import { exitEvent, forkEvent } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';

function write(path: string, more: Partial<FileWrite> = {}): FileWrite {
  return {
    kind: 'file_write',
    time: 5_000,
    source: 'fanotify',
    pid: 7,
    start: 70,
    path,
    change: 'modify',
    ...more,
  };
}

function writer(more: Partial<Writer> = {}): Writer {
  const actor = { pid: 7, exe: '/usr/bin/node', cmdline: 'node x', in_subtree: true };
  return { time: 5_000, start: 70, actor, user: 'ann', ancestry: [], serverId: 's1', ...more };
}

function fact(path: string | null, more: Partial<Fact> = {}): Fact {
  return {
    time: 6_000,
    logsource: { category: 'closure', product: 'mcp' },
    fields: { TargetFilename: path },
    user: '',
    server: { id: 's1', client: 'c', name: 'n', state: 'drifted' },
    actor: null,
    ancestry: [],
    change: null,
    ...more,
  };
}

test('the last writer of a path is known, the agent itself is none, and an unknown one comes by its pid', () => {
  const actors = new FileActors(({ pid }) => (pid === 7 ? () => writer() : null), 1_000);
  actors.observe(write('/a', { pid: 9, time: 1 }));
  assert.deepEqual(actors.writerOf('/a')?.actor, { pid: 9, exe: '', cmdline: '', in_subtree: false });
  actors.observe(write('/a'));
  actors.observe(write('/a', { pid: 1_000 }));
  assert.deepEqual([actors.writerOf('/a')?.actor.pid, actors.writerOf('/a')?.serverId], [7, 's1']);
  assert.equal(actors.writerOf('/b'), null);
});

test('of many paths those written longest ago are forgotten', () => {
  const actors = new FileActors(() => null);
  for (let index = 0; index < 4_098; index += 1) actors.observe(write(`/f${index}`));
  assert.deepEqual(
    [0, 1, 2, 4_097].map((index) => actors.writerOf(`/f${index}`) === null),
    [true, true, false, false],
  );
});

test('a fact is told with who wrote since the look before, and with nobody who wrote earlier', () => {
  const told = attributed(fact('/a'), () => writer(), 4_000);
  assert.deepEqual(
    [
      told.actor?.pid,
      told.fields['mcp.actor_own_server'],
      told.fields['mcp.actor_in_subtree'],
      told.fields['Image'],
    ],
    [7, true, true, '/usr/bin/node'],
  );
  const other = attributed(fact('/a'), () => writer({ serverId: 's2' }), 4_000);
  assert.deepEqual(
    [other.fields['mcp.actor_own_server'], other.fields['mcp.actor_in_subtree']],
    [false, true],
  );
  assert.equal(attributed(fact('/a'), () => writer(), 7_000).actor, null);
  assert.equal(attributed(fact(null), () => writer(), 0).actor, null);
  const none = attributed(fact('/a'), () => null, 0);
  assert.equal('mcp.actor_own_server' in none.fields, false);
});

test('a file behind a link is found by the name that was written', () => {
  using folder = new TempDirectory();
  const real = folder.write('real', 'x');
  symlinkSync(real, folder.at('link'));
  const told = attributed(fact(folder.at('link')), (path) => (path === real ? writer() : null), 0);
  assert.equal(told.actor?.pid, 7);
});

test('a writer is told of a change as long as the times of the file say that it was the last', () => {
  using folder = new TempDirectory();
  const path = folder.write('run.sh', 'x');
  const change = { role: 'helper', path, change: 'changed', before: 'a', after: 'b' } as const;
  const kept = keptOf(writer({ time: Date.now() }));
  const own = { name: 'node', pid: 7, of_server: true };
  assert.deepEqual(evidenceOf(change, 's1', () => kept)?.writer, own);
  assert.deepEqual(evidenceOf(change, 's2', () => kept)?.writer, { ...own, of_server: false });
  assert.deepEqual(evidenceOf({ ...change, role: 'config' }, 's1', () => kept)?.writer, own);
  const stale = keptOf(writer({ time: Date.now() - 60_000 }));
  assert.equal(evidenceOf(change, 's1', () => stale)?.writer, null);
  assert.equal(
    evidenceOf({ ...change, role: 'config' }, 's1', () => stale),
    null,
    'its file holds other entries',
  );
  assert.equal(
    evidenceOf({ ...change, role: 'package' }, 's1', () => kept),
    null,
  );
  // Put in its place by a rename: the content is old, the change is not.
  utimesSync(path, 1, 1);
  renameSync(path, folder.at('moved'));
  assert.deepEqual(evidenceOf({ ...change, path: folder.at('moved') }, 's1', () => kept)?.writer, own);
  assert.deepEqual(evidenceOf({ ...change, change: 'removed' }, 's1', () => kept)?.writer, own);
});

test('writers are kept by path, and only so many', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  const writers = new KeptWriters(() => database);
  assert.equal(writers.of('/a'), null);
  writers.put('/a', writer());
  writers.put('/a', writer({ time: 6_000, serverId: null }));
  assert.deepEqual(writers.of('/a'), { time: 6_000, pid: 7, name: 'node', server_id: null });
  database.transaction(() => {
    for (let index = 0; index < 5_000; index += 1) writers.put(`/f${index}`, writer());
  })();
  assert.equal(writers.of('/a'), null);
  assert.notEqual(writers.of('/f0'), null);
  database.close();
  assert.equal(new KeptWriters(() => assert.fail('no database')).of('/a'), null);
});

test('a process is remembered for a while after its end, and not taken for its successor', () => {
  const table = new ProcessTable();
  const fork = (start: number) => table.fork(forkEvent(7, 1, { start }));
  fork(70);
  table.exit(exitEvent(7, { start: 70 }));
  assert.equal(table.get(7), null);
  assert.equal(table.recent(7, 70)?.start, 70);
  assert.equal(table.recent(7, null)?.start, 70);
  fork(80);
  assert.deepEqual(
    [table.recent(7, 70)?.start, table.recent(7, 80)?.start, table.recent(7, null)?.start],
    [70, 80, 80],
  );
  assert.equal(table.recent(7, 90), null);
});
