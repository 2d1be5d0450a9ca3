import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuardProcesses } from '../../../agent/enrich/guard-processes.ts';
import { KernelMarks, tagOf } from '../../../agent/enrich/kernel-marks.ts';
import { ProcessFacts } from '../../../agent/enrich/process-facts.ts';
import { ProcessTable } from '../../../agent/enrich/process-table.ts';
import { ProcessTracker } from '../../../agent/enrich/process-tracker.ts';
import { openDatabase } from '../../../agent/state/database.ts';
import { MarkedServers } from '../../../agent/state/marked-servers.ts';
import type { TrackedProcess } from '../../../collectors/index.ts';
import type { KernelMember, Server } from '../../../wire/index.ts';
import { execEvent, forkEvent, plainImage } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { known, launchSpec, NO_CONTAINERS } from '../samples.ts';

const SERVER = known({ launch: launchSpec() });
const { id } = SERVER.discovered.server;
const WORDS = ['node', '/srv/index.js'];

function mark(more: Partial<KernelMember> = {}): KernelMember {
  return { tag: tagOf(id), root: 10, role: 'server', forked: false, ...more };
}

/** A tracker whose orders to the kernel are kept. */
function tracking(kept: ReadonlyMap<string, Server> = new Map()) {
  const told: TrackedProcess[] = [];
  const taken: number[] = [];
  const table = new ProcessTable();
  const userName = String;
  const marks = new KernelMarks(
    { track: (processes) => told.push(...processes) },
    { put: () => {}, load: () => kept },
  );
  const tracker = new ProcessTracker({
    table,
    marks,
    containers: NO_CONTAINERS,
    userName,
    facts: new ProcessFacts({ table, userName, product: 'linux' }),
    clientProcesses: () => [],
    guards: new GuardProcesses([]),
    policyOf: () => 'none',
    isDisguisedShell: () => false,
    firstReport: () => true,
    onMarkTaken: ({ pid }) => taken.push(pid),
  });
  return { tracker, told, taken, marks, table };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a server that is found is told to the kernel once, and what the kernel confirms is not told again', async () => {
  const { tracker, told } = tracking();
  tracker.setServers([SERVER]);
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage() }));
  await settled();
  assert.deepEqual(told, [{ pid: 10, start: 10, tag: tagOf(id), root: 10, role: 'server' }]);
  tracker.observe(forkEvent(11, 10, { member: mark() }));
  const inside = plainImage({ member: mark({ role: 'inside', forked: true }) });
  tracker.observe(execEvent(11, 10, ['ls'], { image: inside }));
  await settled();
  assert.equal(told.length, 1);
});

test('a process that began before the mark of its parent is told as well', async () => {
  const { tracker, told } = tracking();
  tracker.setServers([SERVER]);
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage() }));
  tracker.observe(forkEvent(11, 10));
  await settled();
  assert.deepEqual(
    told.map(({ pid }) => pid),
    [10, 11],
  );
});

test('what the kernel kept while no agent ran comes back with its role, also of a server that is gone', () => {
  const gone = known({ server: { id: 'f'.repeat(16), name: 'gone' } }).discovered.server;
  const { tracker } = tracking(new Map([[tagOf(gone.id), { ...gone, state: 'approved' }]]));
  tracker.setServers([SERVER]);
  tracker.observe({
    kind: 'process_member',
    time: 1,
    source: 'ebpf',
    pid: 20,
    start: 20,
    member: mark({ root: 19, role: 'inside' }),
  });
  tracker.observe({
    kind: 'process_member',
    time: 1,
    source: 'ebpf',
    pid: 30,
    start: 30,
    member: mark({ tag: tagOf(gone.id), root: 30, role: 'server' }),
  });
  const [shell] = tracker.observe(execEvent(20, 1, ['/bin/sh'], { source: 'sweep' }));
  assert.deepEqual([shell?.server?.id, shell?.fields['mcp.in_launch_chain']], [id, false]);
  const [left] = tracker.observe(execEvent(30, 1, ['node', 'x'], { source: 'sweep' }));
  assert.deepEqual([left?.server?.name, left?.fields['mcp.is_server']], ['gone', true]);
  assert.deepEqual(tracker.observe(execEvent(20, 1, ['/bin/sh'], { start: 99, source: 'sweep' })), []);
});

test('a mark that was there and is gone is told as taken away, one of a fresh sensor is not', async () => {
  const { tracker, taken, told, marks, table } = tracking();
  tracker.setServers([SERVER]);
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage({ member: mark() }) }));
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage({ member: mark() }) }));
  assert.deepEqual(taken, []);
  marks.retell(table.allMembers());
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage() }));
  assert.deepEqual(taken, []);
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage({ member: mark() }) }));
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage() }));
  assert.deepEqual(taken, [10]);
  await settled();
  assert.equal(told.at(-1)?.pid, 10, 'and the kernel is told again');
});

test('what a tag stands for is kept across runs', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  const server: Server = { ...SERVER.discovered.server, state: 'approved' };
  new MarkedServers(database).put(tagOf(id), server);
  new MarkedServers(database).put(tagOf(id), { ...server, name: 'renamed' });
  assert.equal(new MarkedServers(database).load().get(tagOf(id))?.name, 'renamed');
  database.close();
});

test('a program that the kernel ended is a fact of its own, and variables that its parent lacks are told', () => {
  const { tracker } = tracking();
  tracker.setServers([SERVER]);
  const had = ['NODE_OPTIONS=--inspect'];
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage({ loader_variables: had }) }));
  tracker.observe(forkEvent(11, 10, { member: mark() }));
  const image = plainImage({
    member: mark({ role: 'inside' }),
    loader_variables: [...had, 'LD_PRELOAD=/x.so'],
    killed: 'shell',
  });
  const [exec, prevented] = tracker.observe(execEvent(11, 10, ['/bin/sh'], { image }));
  assert.deepEqual(exec?.fields['mcp.loader_variables'], ['LD_PRELOAD']);
  assert.deepEqual(
    [prevented?.fields['mcp.change'], prevented?.fields['mcp.prevented'], prevented?.logsource.category],
    ['exec_prevented', 'shell', 'approval'],
  );
});

test('rights that a process gains are told, those in a namespace of its own are not', () => {
  const { tracker } = tracking();
  tracker.setServers([SERVER]);
  tracker.observe(execEvent(10, 1, WORDS, { image: plainImage() }));
  const gained = (more: Parameters<typeof plainImage>[0]) =>
    tracker.observe(
      execEvent(11, 10, ['sudo'], {
        uid: 0,
        start: Math.random(),
        image: plainImage({ privileged: true, ...more }),
      }),
    )[0]?.fields;
  const all = gained({ capabilities: 'ff' });
  assert.deepEqual([all?.['mcp.gained_root'], all?.['mcp.gained_capabilities']], [true, true]);
  const own = gained({ capabilities: 'ff', in_user_namespace: true });
  assert.deepEqual([own?.['mcp.gained_root'], own?.['mcp.gained_capabilities']], [false, false]);
});
