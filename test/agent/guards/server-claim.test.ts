import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { ProcessTable } from '../../../agent/enrich/process-table.ts';
import {
  type ClaimGrounds,
  claimedProcess,
  holdsOpen,
  type ServerClaim,
} from '../../../agent/guards/server-claim.ts';
import { ServerClaims } from '../../../agent/guards/server-claims.ts';
import { execEvent, forkEvent } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';

const CLAIM: ServerClaim = {
  serverId: 's',
  pid: 30,
  guard: 20,
  uid: 1000,
  names: new Set(['alice']),
  journal: '1:2',
};

/** A shell (10) that started a guard (20), which started a launcher (25) and by it the server (30). */
function grounds(more: Partial<ClaimGrounds> = {}): ClaimGrounds & { readonly table: ProcessTable } {
  const table = new ProcessTable();
  table.exec(execEvent(10, 1, ['bash']));
  for (const [pid, parent] of [
    [20, 10],
    [25, 20],
    [30, 25],
    [40, 10],
  ] as const) {
    table.fork(forkEvent(pid, parent));
    table.exec(execEvent(pid, parent, ['node', `${pid}`]));
  }
  const startOf = (pid: number) => table.get(pid)?.start ?? null;
  return { startOf, holdsOpen: (pid, file) => pid === 20 && file === '1:2', ...more, table };
}

test('what a guard started is the server', () => {
  const { table, ...rest } = grounds();
  assert.equal(claimedProcess(CLAIM, { table, ...rest }), table.get(30));
  assert.equal(claimedProcess({ ...CLAIM, pid: 25 }, { table, ...rest }), table.get(25));
});

test('nobody makes a server of what another process started', () => {
  const all = grounds();
  assert.equal(claimedProcess({ ...CLAIM, pid: 40 }, all), 'false', 'not below the guard');
  assert.equal(claimedProcess({ ...CLAIM, pid: 20 }, all), 'false', 'the guard itself');
  assert.equal(claimedProcess({ ...CLAIM, guard: 10 }, all), 'false', 'a process without the journal');
  assert.equal(claimedProcess({ ...CLAIM, journal: '1:3' }, all), 'false', 'another journal');
  assert.equal(claimedProcess({ ...CLAIM, uid: 1001 }, all), 'false', 'a process of another user');
});

test('a pid that another process has by now is no server', () => {
  assert.equal(claimedProcess(CLAIM, grounds({ startOf: () => null })), 'false');
  const taken = (by: number) => grounds({ startOf: (pid) => (pid === by ? 7 : pid) });
  assert.notEqual(claimedProcess(CLAIM, taken(99)), 'false');
  assert.equal(claimedProcess(CLAIM, taken(30)), 'false');
  assert.equal(claimedProcess(CLAIM, taken(20)), 'false');
});

test('a guard inside the subtree of a server starts no servers', () => {
  const all = grounds();
  const guard = all.table.get(20);
  assert.ok(guard);
  guard.membership = { serverId: 'other', role: 'inside', rootPid: 10 };
  assert.equal(claimedProcess(CLAIM, all), 'false');
});

test('a claim waits for its process and for the config of its server', (context) => {
  const all = grounds();
  const { table } = all;
  const joined: number[] = [];
  let isKnown = false;
  const claims = new ServerClaims({
    ...all,
    startOf: (pid) => table.get(pid)?.start ?? execEvent(pid, 1, []).start,
    claim: ({ pid }) => isKnown && joined.push(pid) > 0,
    sweep: async () => [],
    onFound: () => assert.fail('nothing runs'),
    onGone: () => assert.fail('nothing was found'),
  });
  context.after(() => claims.stop());
  claims.take({ ...CLAIM, pid: 31 });
  claims.heardOf(31);
  table.fork(forkEvent(31, 20));
  claims.heardOf(31);
  assert.deepEqual(joined, []);
  isKnown = true;
  claims.retry();
  assert.deepEqual(joined, [], 'it still runs what its guard runs');
  table.exec(execEvent(31, 20, ['node', 'server.js']));
  claims.heardOf(31);
  claims.retry();
  assert.deepEqual(joined, [31]);
});

test('a process that nobody told of is looked for, with those above and below it', async (context) => {
  const { table, ...all } = grounds();
  const running = [
    execEvent(50, 1, ['client']),
    execEvent(60, 50, ['guard']),
    execEvent(70, 60, ['sh', '-c', 'server']),
    execEvent(75, 1, ['stranger']),
    execEvent(80, 70, ['server']),
  ];
  const found: number[] = [];
  const gone: number[] = [];
  let isOver = false;
  const joined = new Promise<number>((resolve) => {
    const claims = new ServerClaims({
      ...all,
      table,
      startOf: (pid) => (isOver ? null : pid),
      holdsOpen: () => true,
      claim: ({ pid }) => {
        setImmediate(() => {
          isOver = true;
          claims.retry();
          resolve(pid);
        });
        return true;
      },
      sweep: async () => running,
      onFound: (event) => {
        found.push(event.pid);
        table.exec(event);
      },
      onGone: (pid) => gone.push(pid),
    });
    context.after(() => claims.stop());
    claims.take({ ...CLAIM, pid: 70, guard: 60 });
  });
  const alive = setInterval(() => {}, 1_000);
  context.after(() => clearInterval(alive));
  assert.equal(await joined, 70);
  assert.deepEqual(found, [50, 60, 70, 80]);
  assert.deepEqual(gone, found);
});

test('which files a process holds open is read from the system', (context) => {
  if (process.platform !== 'linux') return context.skip('there is no /proc');
  using place = new TempDirectory();
  const fd = openSync(place.write('journal', ''), 'a');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  assert.equal(holdsOpen(process.pid, `${dev}:${ino}`), true);
  closeSync(fd);
  assert.equal(holdsOpen(process.pid, `${dev}:${ino}`), false);
  assert.equal(holdsOpen(4_194_305, `${dev}:${ino}`), false);
});
