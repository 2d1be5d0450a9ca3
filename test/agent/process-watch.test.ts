import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { PolicyChecks } from '../../agent/enrich/policy-checks.ts';
import { WatchedHomes } from '../../agent/enrich/watched-homes.ts';
import type { Fact } from '../../agent/fact.ts';
import { ProcessWatch, type ProcessWatchOptions } from '../../agent/process-watch.ts';
import type { Stance } from '../../agent/stance.ts';
import { openDatabase } from '../../agent/state/database.ts';
import { MarkedServers } from '../../agent/state/marked-servers.ts';
import { startOf } from '../../collectors/index.ts';
import { compileRules, parseEventRecord } from '../../rules/engine/index.ts';
import { execEvent, forkEvent, plainImage } from '../process-events.ts';
import { ruleFiles } from '../rules/shared.ts';
import { TempDirectory } from '../temp-directory.ts';
import { known, launchSpec } from './samples.ts';

const PACK = new URL('../../rules/mcp/', import.meta.url).pathname;

interface Ordered {
  readonly stance: Stance;
  readonly enforce: ProcessWatchOptions['collector']['enforce'];
}

function watch(
  context: TestContext,
  wholeHost: boolean,
  onFact: (fact: Fact) => void = () => {},
  { stance, enforce }: Ordered = { stance: { profile: 'developer', denial: 'report' }, enforce() {} },
  more: Partial<ProcessWatchOptions> = {},
): ProcessWatch {
  const state = new TempDirectory();
  const database = openDatabase(state.path);
  const made = new ProcessWatch({
    stance,
    guards: [],
    wholeHost,
    userName: (uid) => `u${uid}`,
    isNew: () => true,
    policies: new PolicyChecks({ profile: 'developer', group: null }),
    marked: new MarkedServers(database),
    collector: { track() {}, enforce, contain() {}, watchLaunches() {}, release() {}, end: () => false },
    onFact,
    homes: new WatchedHomes([], []),
    lookAgain: async () => {},
    ...more,
  });
  context.after(() => {
    made.stop();
    database.close();
    state[Symbol.dispose]();
  });
  return made;
}

const category = ({ logsource }: Fact) => logsource.category;

test('in the scope of the whole host a start outside of all subtrees is a fact without a server', (context) => {
  const host = watch(context, true);
  host.receive(execEvent(10, 1, ['/bin/bash', '-l']));
  host.receive(forkEvent(11, 10));
  const image = plainImage({ privileged: true });
  const [fact, ...others] = host.receive(
    execEvent(11, 10, ['/usr/bin/base64', '-d', 'x y'], { cwd: '/srv', image }),
  );
  assert.deepEqual(others, []);
  assert.deepEqual(fact?.logsource, { category: 'process_creation', product: 'linux' });
  assert.deepEqual(
    [fact?.server, fact?.user, fact?.actor?.in_subtree, fact?.ancestry.map(({ exe }) => exe)],
    [null, 'u1000', false, ['/bin/bash']],
  );
  const fields = fact?.fields ?? {};
  assert.deepEqual(
    [
      'Image',
      'CommandLine',
      'CurrentDirectory',
      'ParentImage',
      'ParentCommandLine',
      'User',
      'ProcessId',
      'ParentProcessId',
    ].map((name) => fields[name]),
    ['/usr/bin/base64', '/usr/bin/base64 -d x y', '/srv', '/bin/bash', '/bin/bash -l', 'u1000', 11, 10],
  );
  assert.deepEqual(
    [fields['mcp.in_subtree'], fields['mcp.in_launch_chain'], fields['mcp.privileged_image']],
    [false, false, true],
  );
  assert.deepEqual(
    Object.keys(fields).filter((name) => /^mcp\.(?:server|client|state|ruling|policy)/.test(name)),
    [],
  );
});

test('what ran before, what a subtree does and what forks is not told twice', (context) => {
  const host = watch(context, true);
  assert.deepEqual(host.receive(execEvent(10, 1, ['/bin/bash'], { source: 'sweep' })), []);
  assert.deepEqual(host.receive(forkEvent(11, 10)), []);
  host.seen([known({ launch: launchSpec() })]);
  const start = host.receive(execEvent(11, 10, ['node', '/srv/index.js']));
  assert.deepEqual(start.map(category), ['process_creation', 'approval']);
  const inside = host.receive(execEvent(12, 11, ['/bin/id']));
  assert.deepEqual(
    inside.map(({ fields }) => [fields['mcp.in_subtree'], fields['mcp.server']]),
    [[true, 'files']],
  );
});

test('what is left out outside of subtrees is asked for each start, and what subtrees do is told all the same', (context) => {
  let asked = 0;
  const takesOutside = () => {
    asked += 1;
    return false;
  };
  const host = watch(context, true, undefined, undefined, { takesOutside });
  host.seen([known({ launch: launchSpec() })]);
  assert.deepEqual(host.receive(execEvent(10, 1, ['/bin/bash', '-l'])), []);
  assert.deepEqual(host.receive(execEvent(10, 1, ['/bin/ls'])), []);
  assert.equal(asked, 2);
  host.receive(forkEvent(11, 10));
  assert.deepEqual(host.receive(execEvent(11, 10, ['node', '/srv/index.js'])).map(category), [
    'process_creation',
    'approval',
  ]);
  assert.equal(asked, 2);
});

test('in the scope of subtrees nobody else is told of', (context) => {
  assert.deepEqual(watch(context, false).receive(execEvent(10, 1, ['/bin/bash'])), []);
});

test('no rule of the pack has anything to say of what happens outside of subtrees', (context) => {
  const host = watch(context, true);
  const pack = compileRules(ruleFiles(PACK));
  let pid = 100;
  let tried = 0;
  for (const name of readdirSync(PACK).filter((file) => file.endsWith('.hit.jsonl'))) {
    for (const line of readFileSync(`${PACK}${name}`, 'utf8').split('\n').filter(Boolean)) {
      const { fields, logsource } = parseEventRecord(JSON.parse(line));
      const { Image: exe, CommandLine: words } = fields;
      if (logsource?.category !== 'process_creation' || typeof exe !== 'string' || typeof words !== 'string')
        continue;
      const [fact] = host.receive(execEvent(pid, 1, words.split(' '), { exe }));
      pid += 1;
      assert.ok(fact);
      assert.deepEqual(
        pack.match(fact).map((rule) => rule.name),
        [],
        line,
      );
      tried += 1;
    }
  }
  assert.ok(tried > 50, `${tried} command lines`);
});

/** A child of this process, which stands for a guard that holds its journal open. */
function guarded(context: TestContext, host: ProcessWatch) {
  const place = new TempDirectory();
  const journal = openSync(place.write('journal', ''), 'a');
  const child: ChildProcess = spawn('sleep', ['60'], { stdio: 'ignore' });
  context.after(() => {
    child.kill('SIGKILL');
    closeSync(journal);
    place[Symbol.dispose]();
  });
  const pid = child.pid ?? 0;
  const { dev, ino } = fstatSync(journal, { bigint: true });
  const claim = {
    serverId: '0123456789abcdef',
    pid,
    guard: process.pid,
    uid: 1000,
    names: new Set(['alice']),
    journal: `${dev}:${ino}`,
  };
  host.receive(execEvent(process.pid, 1, ['sealwatch', 'guard'], { start: startOf(process.pid) ?? 0 }));
  return {
    pid,
    claim,
    begin: () => execEvent(pid, process.pid, ['sleep', '60'], { start: startOf(pid) ?? 0 }),
  };
}

test('what a guard started belongs to its server though no command line says so', (context) => {
  if (process.platform !== 'linux') return context.skip('there is no /proc');
  const told: Fact[] = [];
  const host = watch(context, false, (fact) => told.push(fact));
  const { pid, claim, begin } = guarded(context, host);
  host.claimed(claim);
  assert.deepEqual(host.receive(begin()), []);
  assert.equal(host.table.get(pid)?.membership, null, 'no config asks for the server yet');
  host.seen([known({ launch: launchSpec() })]);
  assert.deepEqual(
    [host.table.get(pid)?.membership?.serverId, host.table.get(pid)?.membership?.role],
    [claim.serverId, 'server'],
  );
  assert.deepEqual(
    told.map(({ fields }) => fields['mcp.change'] ?? fields['mcp.is_server']),
    [true, 'server_started'],
  );
  const [inside] = host.receive(execEvent(999_999, pid, ['/bin/id']));
  assert.deepEqual([inside?.fields['mcp.in_subtree'], inside?.fields['mcp.server']], [true, 'files']);
});

test('a guard cannot take a process from the server that it belongs to, nor for another user', (context) => {
  if (process.platform !== 'linux') return context.skip('there is no /proc');
  const host = watch(context, false);
  const { pid, claim, begin } = guarded(context, host);
  const other = known({ server: { id: 'fedcba9876543210', user: 'bob' } });
  const server = known({ launch: launchSpec({ command: 'sleep', args: ['60'], resolved: null }) });
  host.seen([server, other]);
  host.receive(begin());
  assert.equal(host.table.get(pid)?.membership?.serverId, claim.serverId);
  host.claimed({ ...claim, serverId: 'fedcba9876543210', names: new Set(['bob']) });
  assert.equal(host.table.get(pid)?.membership?.serverId, claim.serverId);

  const stranger = guarded(context, host);
  host.seen([other]);
  host.receive(stranger.begin());
  host.claimed({ ...stranger.claim, serverId: 'fedcba9876543210' });
  assert.equal(host.table.get(stranger.pid)?.membership, null);
  host.claimed({ ...stranger.claim, serverId: 'fedcba9876543210', names: new Set(['bob']) });
  assert.equal(host.table.get(stranger.pid)?.membership?.serverId, 'fedcba9876543210');
});

test('the kernel is told what to end while the stance asks for it, and that nothing is once it does not', (context) => {
  const stance: { -readonly [K in keyof Stance]: Stance[K] } = { profile: 'developer', denial: 'report' };
  const orders: number[] = [];
  const host = watch(context, false, undefined, {
    stance,
    enforce: ({ length }) => void orders.push(length),
  });
  const server = known();
  const denied = { ...server, verdict: { ...server.verdict, ruling: 'deny' } } as const;
  host.seen([denied]);
  assert.deepEqual(orders, []);
  stance.denial = 'end';
  host.seen([denied]);
  stance.denial = 'report';
  host.seen([denied]);
  host.seen([denied]);
  assert.deepEqual(orders, [1, 0]);
});
