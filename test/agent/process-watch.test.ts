import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { PolicyChecks } from '../../agent/enrich/policy-checks.ts';
import { WatchedHomes } from '../../agent/enrich/watched-homes.ts';
import type { Fact } from '../../agent/fact.ts';
import { ProcessWatch } from '../../agent/process-watch.ts';
import { openDatabase } from '../../agent/state/database.ts';
import { MarkedServers } from '../../agent/state/marked-servers.ts';
import { compileRules, parseEventRecord } from '../../rules/engine/index.ts';
import { execEvent, forkEvent, plainImage } from '../process-events.ts';
import { ruleFiles } from '../rules/shared.ts';
import { TempDirectory } from '../temp-directory.ts';
import { known, launchSpec } from './samples.ts';

const PACK = new URL('../../rules/mcp/', import.meta.url).pathname;

function watch(context: TestContext, wholeHost: boolean): ProcessWatch {
  const state = new TempDirectory();
  const database = openDatabase(state.path);
  const made = new ProcessWatch({
    profile: 'developer',
    denial: 'report',
    guards: [],
    wholeHost,
    userName: (uid) => `u${uid}`,
    isNew: () => true,
    policies: new PolicyChecks({ profile: 'developer', group: null }),
    marked: new MarkedServers(database),
    collector: { track() {}, enforce() {}, contain() {}, watchLaunches() {}, release() {} },
    onFact: () => {},
    homes: new WatchedHomes([], []),
    lookAgain: async () => {},
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
