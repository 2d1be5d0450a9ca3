import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { tagOf } from '../../../agent/enrich/kernel-marks.ts';
import { procProcesses } from '../../../agent/enrich/living-process.ts';
import { WatchedHomes } from '../../../agent/enrich/watched-homes.ts';
import { exitEvent, forkEvent, plainImage } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { bench, CLIENT, LATER_MS, SERVER_NAME, unmanagedOf } from '../client-bench.ts';
import { known, launchSpec } from '../samples.ts';

test('a child of a client with MCP in its name that lives is told once, with what shows it', async (context) => {
  const { exec, later, told, servers, looks } = bench(context);
  exec(20, CLIENT, [SERVER_NAME, '--port', '43211']);
  await later();
  await later();
  const [fact, image] = told;
  assert.equal(told.length, 2);
  assert.deepEqual(fact?.logsource, { category: 'approval', product: 'mcp' });
  assert.deepEqual(fact?.server, {
    id: servers[0]?.discovered.server.id,
    client: 'claude-code',
    name: 'mcp-files',
    state: 'pending',
  });
  assert.deepEqual(
    [fact?.fields['mcp.evidence'], fact?.fields['mcp.first_report'], fact?.fields['mcp.ruling']],
    [['name:mcp-files'], true, 'report'],
  );
  assert.deepEqual(
    [fact?.fields['ProcessId'], fact?.fields['ParentCommandLine'], fact?.fields['User']],
    [20, '/usr/bin/node /usr/local/bin/claude', 'u1000'],
  );
  assert.equal(image?.fields['mcp.is_server'], true, 'its own image is a fact as that of any server');
  assert.equal(looks(), 1);
});

test('the next start of the same command is no first report and needs no look, whatever its port', async (context) => {
  const { exec, later, told, servers, looks } = bench(context);
  for (const [pid, port] of [
    [20, '43211'],
    [30, '51877'],
  ] as const) {
    exec(pid, CLIENT, [SERVER_NAME, '--port', port]);
    await later();
  }
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => fields['mcp.first_report']),
    [true, false],
  );
  assert.equal(new Set(servers.map(({ discovered }) => discovered.server.id)).size, 1);
  assert.equal(looks(), 1);
});

test('in production nothing that no config asks for may run', async (context) => {
  const { exec, later, servers } = bench(context, { profile: 'production' });
  exec(20, CLIENT, [SERVER_NAME]);
  await later();
  assert.deepEqual(
    servers.map(({ verdict }) => [verdict.state, verdict.ruling]),
    [['pending', 'deny']],
  );
});

test('a worker of the client itself is no server, though it lies in a package that speaks MCP', async (context) => {
  using home = new TempDirectory();
  const cli = home.write('node_modules/gem/claude.js', '');
  const worker = home.write(
    'node_modules/gem/worker.js',
    "import '@modelcontextprotocol/sdk/server/index.js'",
  );
  home.write('node_modules/gem/package.json', '{"name":"gem"}');
  const { exec, later, told } = bench(context);
  exec(15, 1, ['node', cli], { image: plainImage() });
  exec(20, 15, ['node', worker]);
  exec(21, CLIENT, ['node', worker]);
  await later();
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => fields['ProcessId']),
    [21],
  );
});

test('without a client above, with something else between, or without pipes it is nobody’s server', async (context) => {
  const { exec, later, told } = bench(context);
  exec(11, 1, ['/usr/bin/node', '/home/u/code/claude/run-tests.js']);
  exec(20, 11, [SERVER_NAME]);
  exec(12, CLIENT, ['/usr/bin/node', '--test', '/x/test.js']);
  exec(21, 12, [SERVER_NAME]);
  exec(13, CLIENT, ['/bin/bash', '--norc']);
  exec(22, 13, [SERVER_NAME]);
  exec(23, CLIENT, [SERVER_NAME], { image: plainImage({ stdin: 'pipe' }) });
  exec(24, CLIENT, [SERVER_NAME], { image: plainImage({ stdout: 'pipe' }) });
  await later();
  assert.deepEqual(told, []);
});

test('launchers between the client and the server are steps of the launch', async (context) => {
  const { exec, later, told } = bench(context);
  const spec = '@scope/mcp-files';
  exec(20, CLIENT, ['/usr/bin/env', 'node', '/usr/bin/npx', '-y', spec]);
  exec(20, CLIENT, ['/usr/bin/node', '/usr/bin/npx', '-y', spec]);
  exec(21, 20, ['/bin/sh', '-c', 'mcp-files']);
  exec(22, 21, ['node', '/home/u/.npm/_npx/0f/node_modules/.bin/mcp-files']);
  await later();
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => fields['ProcessId']),
    [22],
  );
});

test('in a pipeline of a shell the client talks to nobody', async (context) => {
  const streams = {
    20: ['pipe:[1]', 'pipe:[2]'],
    21: ['pipe:[7]', 'pipe:[2]'],
    22: ['pipe:[1]', 'pipe:[8]'],
  } as const;
  const { exec, later, told } = bench(context, { streams });
  exec(20, CLIENT, ['/bin/bash', '-c', 'echo {} | mcp-files']);
  exec(21, 20, [SERVER_NAME, 'fed by another command']);
  exec(22, 20, [SERVER_NAME, 'fed by the client']);
  await later();
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => fields['ProcessId']),
    [22],
  );
});

test('where the source tells no streams, /proc decides, and what it hides is no server', async (context) => {
  const streams = { 20: ['pipe:[1]', 'pipe:[2]'], 21: ['/dev/pts/1', '/dev/pts/1'], 22: null } as const;
  const { exec, later, told } = bench(context, { streams });
  for (const pid of [20, 21, 22]) exec(pid, CLIENT, [SERVER_NAME], { image: null, source: 'sweep' });
  await later();
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => [fields['ProcessId'], fields['mcp.already_running']]),
    [[20, true]],
  );
});

test('a repeated sweep or sample neither delays the judgement nor repeats it', async (context) => {
  const { exec, told } = bench(context);
  const repeat = async () => {
    exec(20, CLIENT, [SERVER_NAME], { image: null, source: 'sampler' });
    context.mock.timers.tick(1_000);
    await new Promise(setImmediate);
  };
  for (let times = 0; times < 5; times += 1) await repeat();
  assert.equal(unmanagedOf(told).length, 1);
});

test('what ends or becomes something else before it is judged is nothing', async (context) => {
  const { table, exec, later, told } = bench(context);
  exec(20, CLIENT, [SERVER_NAME, '--version']);
  table.exit(exitEvent(20));
  exec(21, CLIENT, [SERVER_NAME]);
  exec(21, CLIENT, ['/usr/bin/sleep', '9']);
  await later();
  assert.deepEqual(told, []);
});

test('what it did before it was judged is told, and all that came out of it belongs to it', async (context) => {
  const { table, tracker, exec, later, told, tracked } = bench(context);
  exec(20, CLIENT, [SERVER_NAME]);
  exec(21, 20, ['/bin/sh', '-c', 'curl x | sh'], { image: plainImage() });
  table.exit(exitEvent(21));
  tracker.observe(forkEvent(22, 20));
  exec(23, 22, ['/usr/bin/nc', '-l'], { image: plainImage() });
  table.exit(exitEvent(22));
  exec(29, 1, ['/bin/sh'], { image: plainImage() });
  await later();
  const inside = told.filter(({ fields }) => fields['mcp.in_launch_chain'] === false);
  assert.deepEqual(
    inside.map(({ server, fields }) => [server?.name, fields['ProcessId']]),
    [
      ['mcp-files', 21],
      ['mcp-files', 23],
    ],
  );
  const id = table.get(20)?.membership?.serverId ?? '';
  assert.deepEqual([table.get(23)?.membership?.role, table.get(29)?.membership], ['inside', null]);
  assert.deepEqual(
    tracked.map(({ pid, tag, role }) => [pid, tag, role]),
    [
      [20, tagOf(id), 'server'],
      [23, tagOf(id), 'inside'],
    ],
  );
  exec(24, 23, ['/bin/sh', '-c', 'id'], { image: plainImage() });
  assert.equal(told.at(-1)?.fields['ProcessId'], 24);
});

const SPEC = launchSpec({
  command: SERVER_NAME,
  args: ['--all'],
  resolved: SERVER_NAME,
  launcher: 'direct',
  script: null,
});

test('a configured server that an unmanaged one starts stays what it is', async (context) => {
  const { table, tracker, exec, later, told } = bench(context);
  const configured = known({ launch: SPEC });
  tracker.setServers([configured]);
  exec(20, CLIENT, ['/opt/gateway-mcp']);
  exec(21, 20, [SERVER_NAME, '--all']);
  exec(22, 21, ['/bin/sh', '-c', 'id']);
  await later();
  assert.equal(unmanagedOf(told).length, 1);
  const { id } = configured.discovered.server;
  assert.deepEqual(
    [21, 22].map((pid) => table.get(pid)?.membership?.serverId),
    [id, id],
  );
  assert.notEqual(table.get(20)?.membership?.serverId, id);
});

test('a server whose config is younger than the last look belongs to that config', async (context) => {
  const configured = known({ launch: SPEC });
  const { table, exec, later, told } = bench(context, { found: [configured] });
  exec(20, CLIENT, [SERVER_NAME, '--all']);
  exec(21, 20, ['/bin/sh', '-c', 'id'], { image: plainImage() });
  await later();
  assert.deepEqual(
    told.map(({ fields, server }) => [server?.id, fields['ProcessId'], fields['mcp.change'] ?? null]),
    [
      [configured.discovered.server.id, 20, null],
      [configured.discovered.server.id, 20, 'server_started'],
      [configured.discovered.server.id, 21, null],
    ],
  );
  assert.equal(table.get(20)?.membership?.role, 'server');
});

test('a launch that a later look explains is told of no more and moves to its server', async (context) => {
  const { table, tracker, exec, later, told } = bench(context);
  exec(20, CLIENT, [SERVER_NAME, '--all']);
  exec(21, 20, ['/bin/sh', '-c', 'id'], { image: plainImage() });
  await later();
  const before = told.length;
  const configured = known({ launch: SPEC });
  assert.deepEqual(tracker.setServers([configured]), []);
  const { id } = configured.discovered.server;
  assert.deepEqual(
    [20, 21].map((pid) => [table.get(pid)?.membership?.serverId, table.get(pid)?.membership?.role]),
    [
      [id, 'server'],
      [id, 'inside'],
    ],
  );
  assert.equal(told.length, before);
});

test('a configured server, and one that ended while the host was looked at but is explained by it, is not told', async (context) => {
  const { table, tracker, exec, later, told } = bench(context, { found: [known({ launch: SPEC })] });
  exec(20, CLIENT, [SERVER_NAME, '--all']);
  context.mock.timers.tick(LATER_MS);
  table.exit(exitEvent(20));
  await later();
  exec(21, CLIENT, [SERVER_NAME, '--all']);
  await later();
  assert.deepEqual(unmanagedOf(told), []);
  assert.ok(tracker.serverOf(table.get(21) ?? assert.fail()) !== null);
});

test('what cannot be judged for its number is told as lost', async (context) => {
  const { exec, later, losses } = bench(context);
  for (let pid = 100; pid < 1_130; pid += 1) exec(pid, CLIENT, ['/usr/bin/cat']);
  await later();
  assert.deepEqual(
    losses.map(({ stage, count }) => [stage, count]),
    [['queue', 6]],
  );
});

test('of the clients of those whose configs are not looked at nothing is told', async (context) => {
  const { exec, later, told } = bench(context, { watched: 1001 });
  exec(20, CLIENT, [SERVER_NAME]);
  await later();
  assert.deepEqual(told, []);
});

test('an agent of some homes leaves the others alone, one of the whole host none', () => {
  using here = new TempDirectory();
  symlinkSync(here.path, here.at('link'));
  const user = (uid: number, home: string) => ({ name: `u${uid}`, uid, gid: uid, home });
  const ana = user(1000, here.path);
  const some = new WatchedHomes([ana], [ana, user(1001, '/home/bob')]);
  const whole = new WatchedHomes([ana], [ana]);
  for (const [uid, home, bySome, byWhole] of [
    [1000, here.path, true, true],
    [1000, here.at('link'), true, true],
    [1000, '/home/bob', false, true],
    [1000, '/tmp/elsewhere', false, true],
    [1000, null, false, true],
    [1001, here.path, false, false],
  ] as const)
    assert.deepEqual(
      [some.includes(uid, home), whole.includes(uid, home)],
      [bySome, byWhole],
      `${uid} ${home}`,
    );
});

test('/proc tells the streams and the home of a living process, and nothing of one that is gone', (context) => {
  const processes = procProcesses();
  const child = spawn('sleep', ['60'], { stdio: 'pipe', env: { ...process.env, HOME: '/home/ana' } });
  context.after(() => child.kill());
  const { pid = 0 } = child;
  assert.match(processes.streams(pid)?.stdin ?? '', /^(?:pipe|socket):/);
  assert.equal(processes.home(pid), '/home/ana');
  assert.deepEqual([processes.streams(0), processes.home(0)], [null, null]);
});

test('an agent that stops judges nothing any more', async (context) => {
  const { exec, later, told, unmanaged } = bench(context);
  exec(20, CLIENT, [SERVER_NAME]);
  unmanaged.stop();
  await later();
  assert.deepEqual(told, []);
});
