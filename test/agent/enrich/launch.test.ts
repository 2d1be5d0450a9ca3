import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuardProcesses } from '../../../agent/enrich/guard-processes.ts';
import { KernelMarks } from '../../../agent/enrich/kernel-marks.ts';
import { roleAfterLauncher, rootRole } from '../../../agent/enrich/launch-chain.ts';
import { matchesLaunch } from '../../../agent/enrich/launch-match.ts';
import { ProcessFacts } from '../../../agent/enrich/process-facts.ts';
import { type ProcessEntry, ProcessTable } from '../../../agent/enrich/process-table.ts';
import { ProcessTracker } from '../../../agent/enrich/process-tracker.ts';
import { execEvent, exitEvent, forkEvent } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { known, launchSpec, NO_CONTAINERS } from '../samples.ts';

const NPX = launchSpec({
  command: 'npx',
  args: ['-y', '@scope/mcp-files@1.2.3', '/data'],
  resolved: '/usr/lib/node_modules/npm/bin/npx-cli.js',
  launcher: 'npx',
  server_args: ['/data'],
  package: '@scope/mcp-files@1.2.3',
  script: null,
});
const image = (...argv: string[]) => ({ exe: argv[0] ?? '', argv });

test('a start is known by its command and arguments, also behind env and an interpreter', () => {
  for (const argv of [
    ['npx', '-y', '@scope/mcp-files@1.2.3', '/data'],
    ['/usr/bin/env', 'node', '/usr/bin/npx', '-y', '@scope/mcp-files@1.2.3', '/data'],
    ['bash', '/home/u/.asdf/shims/npx', '-y', '@scope/mcp-files@1.2.3', '/data'],
  ])
    assert.ok(matchesLaunch(argv, NPX), argv.join(' '));
  for (const argv of [
    ['npx', '-y', '@scope/mcp-files@1.2.4', '/data'],
    ['npx', '-y', '@scope/mcp-files@1.2.3', '/data', 'more'],
    ['uvx', '-y', '@scope/mcp-files@1.2.3', '/data'],
    ['-y', '@scope/mcp-files@1.2.3', '/data'],
    [],
  ])
    assert.ok(!matchesLaunch(argv, NPX), argv.join(' '));
});

test('a command without arguments is not started by who only names it', () => {
  const bare = launchSpec({ command: 'true', args: [], resolved: '/usr/bin/true', launcher: 'direct' });
  assert.ok(matchesLaunch(['/usr/bin/true'], bare));
  assert.ok(matchesLaunch(['env', 'true'], bare));
  for (const argv of [
    ['true', 'x'],
    ['echo', 'true', 'x'],
    ['/bin/true', 'a', 'b'],
  ])
    assert.ok(!matchesLaunch(argv, bare), argv.join(' '));
});

test('code given to a shell or interpreter is no start, whatever words stand behind it', () => {
  const words = ['npx', '-y', '@scope/mcp-files@1.2.3', '/data'];
  assert.ok(!matchesLaunch(['sh', '-c', 'curl x | sh', ...words], NPX));
  assert.ok(!matchesLaunch(['bash', '-lc', 'evil', ...words], NPX));
  assert.ok(!matchesLaunch(['node', '-e', 'evil()', ...words], NPX));
});

test('a variable that the client expands matches its value, the words beside it must be equal', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the config
  const spec = launchSpec({ args: ['/srv/index.js', '--root=${workspaceFolder}', 'x'] });
  assert.ok(matchesLaunch(['node', '/srv/index.js', '--root=/work/a', 'x'], spec));
  assert.ok(!matchesLaunch(['node', '/srv/index.js', '--other=/work/a', 'x'], spec));
  assert.ok(!matchesLaunch(['node', '/srv/index.js', '--root=/work/a', 'y'], spec));
});

test('npm that has named its process after what it runs is known by that in a sweep', () => {
  assert.ok(matchesLaunch(['npm exec @scope/mcp-files@1.2.3 /data', '', ''], NPX));
  assert.ok(!matchesLaunch(['npm exec @scope/mcp-files@1.2.3 /other'], NPX));
  assert.ok(!matchesLaunch(['npm exec @scope/mcp-files@1.2.3 /data'], { ...NPX, launcher: 'direct' }));
});

const npx = { spec: NPX, artefacts: new Set<string>() };
const npm = image('/usr/bin/node', '/usr/bin/npx', '-y', '@scope/mcp-files@1.2.3', '/data');

test('npx runs its package by a shell, and that is the way to the server', () => {
  assert.equal(rootRole(npm, npx), 'launcher');
  const shell = image('/bin/sh', '-c', 'mcp-files "$@"', 'mcp-files', '/data');
  const text = image('/bin/sh', '-c', 'mcp-files /data');
  assert.equal(roleAfterLauncher(text, npm, npx), 'launcher');
  assert.equal(roleAfterLauncher(image('/usr/bin/node', '/c/.bin/mcp-files', '/data'), text, npx), 'server');
  assert.equal(roleAfterLauncher(shell, npm, npx), 'inside');
});

test('anything more than the package in that shell is inside', () => {
  for (const text of [
    'mcp-files /data; id',
    'mcp-files /data && id',
    'mcp-files /data | tee x',
    'mcp-files /data > x',
    'mcp-files $(id)',
    'mcp-files /data\nid',
    'mcp-files /other',
    'mcp-files',
    'mcp-files /data more',
  ])
    assert.equal(roleAfterLauncher(image('/bin/sh', '-c', text), npm, npx), 'inside', text);
  const shell = image('/bin/sh', '-c', 'mcp-files /data');
  assert.equal(roleAfterLauncher(image('/usr/bin/curl', 'x'), shell, npx), 'inside');
  assert.equal(roleAfterLauncher(image('/usr/bin/curl', 'x'), npm, npx), 'inside');
});

test('a lifecycle script under npm is inside', () => {
  const spec = { ...NPX, args: NPX.args.slice(0, 2), server_args: [] };
  const role = (text: string, cwd: string | null = null) =>
    roleAfterLauncher({ ...image('/bin/sh', '-c', text), cwd }, npm, { spec, artefacts: new Set() });
  assert.equal(role('mcp-files'), 'launcher');
  assert.equal(role('node postinstall.js'), 'inside');
  assert.equal(role('postinstall', '/home/u/.npm/_npx/0f/node_modules/evil'), 'inside');
  assert.equal(role('mcp-files', '/home/u/project'), 'launcher');
});

test('a shell wrapper of the config leads to what its text asks for and to nothing else', () => {
  const args = ['-c', 'source .env && exec node /srv/x.js --fast'];
  const spec = launchSpec({ command: 'bash', args, resolved: '/bin/bash', launcher: 'shell', script: null });
  const launch = { spec, artefacts: new Set<string>() };
  const bash = image('/bin/bash', ...args);
  assert.equal(rootRole(bash, launch), 'launcher');
  assert.equal(roleAfterLauncher(image('node', '/srv/x.js', '--fast'), bash, launch), 'server');
  assert.equal(roleAfterLauncher(image('node', '/srv/y.js', '--fast'), bash, launch), 'inside');
  assert.equal(roleAfterLauncher(image('/bin/sh', '-c', 'id'), bash, launch), 'inside');
});

test('a wrapper script leads to what is written in it', () => {
  using home = new TempDirectory();
  const script = home.write('run.sh', '#!/bin/sh\nexport A=1\nexec uvx mcp-thing --port 1\n', 0o755);
  const spec = launchSpec({ command: script, args: [], resolved: script, launcher: 'direct', script });
  const launch = { spec, artefacts: new Set([script]) };
  const shell = image('/bin/sh', script);
  assert.equal(rootRole(shell, launch), 'launcher');
  assert.equal(roleAfterLauncher(image('uvx', 'mcp-thing', '--port', '1'), shell, launch), 'launcher');
  assert.equal(roleAfterLauncher(image('curl', 'evil.example'), shell, launch), 'inside');
});

test('membership passes to grandchildren whose parents are gone, and not to a reused pid', () => {
  const table = new ProcessTable();
  table.exec(execEvent(10, 1, ['node', 'x'])).entry.membership = {
    serverId: 's',
    role: 'server',
    rootPid: 10,
  };
  table.fork(forkEvent(11, 10));
  const grandchild = table.fork(forkEvent(12, 11));
  table.exit(exitEvent(11));
  table.exit(exitEvent(10));
  assert.equal(table.get(11), null);
  assert.equal(table.exec(execEvent(12, 1, ['sh'])).entry.membership?.serverId, 's');
  assert.deepEqual(
    table.ancestry(grandchild, String).map(({ pid }) => pid),
    [11, 10],
  );
  const reused = table.exec(execEvent(12, 1, ['cron'], { start: 99 })).entry;
  assert.equal(reused.membership, null);
  table.exit(exitEvent(12));
  assert.equal(table.get(12), reused, 'the exit of the old one does not end the new one');
});

test('a lineage of any length keeps its membership', () => {
  const table = new ProcessTable();
  table.exec(execEvent(1_000, 1, ['node'])).entry.membership = {
    serverId: 's',
    role: 'server',
    rootPid: 1_000,
  };
  let last: ProcessEntry | null = null;
  for (let pid = 1_001; pid < 1_500; pid += 1) last = table.fork(forkEvent(pid, pid - 1));
  assert.equal(last?.membership?.serverId, 's');
  let depth = 0;
  for (let at: ProcessEntry | null = last; at !== null; at = at.parent) depth += 1;
  assert.ok(depth <= 66, `${depth} ancestors kept`);
});

function tracker(...servers: ReturnType<typeof known>[]) {
  const reports = new Set<string>();
  const table = new ProcessTable();
  const userName = (uid: number) => `u${uid}`;
  const made = new ProcessTracker({
    table,
    facts: new ProcessFacts({ table, userName, product: 'linux' }),
    marks: new KernelMarks({ track: () => {} }, { put: () => {}, load: () => new Map() }),
    containers: NO_CONTAINERS,
    userName,
    clientProcesses: () => ['claude'],
    guards: new GuardProcesses([]),
    policyOf: () => 'none',
    isDisguisedShell: () => false,
    firstReport: ({ discovered }) =>
      !reports.has(discovered.server.id) && !!reports.add(discovered.server.id),
    onMarkTaken: () => {},
  });
  made.setServers(servers);
  return made;
}
const chain = (facts: ReturnType<ProcessTracker['observe']>) => facts[0]?.fields['mcp.in_launch_chain'];

test('a whole npx start is in the launch chain, and what the server starts is not', () => {
  const made = tracker(known({ launch: NPX }));
  const words = ['-y', '@scope/mcp-files@1.2.3', '/data'];
  const root = made.observe(execEvent(20, 1, ['/usr/bin/env', 'node', '/usr/bin/npx', ...words]));
  assert.deepEqual(
    root.map(({ logsource }) => logsource.category),
    ['process_creation', 'approval'],
  );
  assert.equal(root[1]?.fields['mcp.first_report'], true);
  assert.equal(chain(made.observe(execEvent(20, 1, ['/usr/bin/node', '/usr/bin/npx', ...words]))), true);
  assert.equal(chain(made.observe(execEvent(21, 20, ['/bin/sh', '-c', 'mcp-files /data']))), true);
  assert.equal(
    chain(made.observe(execEvent(22, 21, ['/usr/bin/env', 'node', '/c/.bin/mcp-files', '/data']))),
    true,
  );
  assert.equal(chain(made.observe(execEvent(22, 21, ['node', '/c/.bin/mcp-files', '/data']))), true);
  assert.equal(chain(made.observe(execEvent(23, 22, ['/bin/sh', '-c', 'mcp-files /data']))), false);
  assert.equal(chain(made.observe(execEvent(22, 21, ['/bin/sh', '-c', 'id']))), false);
});

test('a server that becomes a shell itself is inside, also with its own words behind the code', () => {
  const made = tracker(known({ launch: launchSpec() }));
  assert.equal(made.observe(execEvent(30, 1, ['node', '/srv/index.js'])).length, 2);
  assert.equal(
    chain(made.observe(execEvent(30, 1, ['/bin/sh', '-c', 'id', 'node', '/srv/index.js']))),
    false,
  );
  const other = tracker(known({ launch: launchSpec() }));
  other.observe(execEvent(30, 1, ['node', '/srv/index.js']));
  assert.equal(chain(other.observe(execEvent(30, 1, ['/bin/sh', 'node', '/srv/index.js']))), false);
});

test('processes outside every subtree are nobody’s, and a sweep repeats nothing', () => {
  const made = tracker(known({ launch: launchSpec() }));
  assert.deepEqual(made.observe(execEvent(40, 1, ['bash'])), []);
  assert.equal(made.observe(execEvent(41, 40, ['node', '/srv/index.js'])).length, 2);
  assert.deepEqual(made.observe(execEvent(41, 40, ['node', '/srv/index.js'], { source: 'sweep' })), []);
});

test('of two clients with one entry the one in the ancestry is meant', () => {
  const mine = known({ server: { id: 'a'.repeat(16) }, launch: launchSpec({ uid: 1 }) });
  const other = known({ server: { id: 'b'.repeat(16), name: 'b' }, launch: launchSpec({ uid: 1000 }) });
  const [fact] = tracker(mine, other).observe(execEvent(50, 1, ['node', '/srv/index.js']));
  assert.equal(fact?.server?.id, 'b'.repeat(16));
});
