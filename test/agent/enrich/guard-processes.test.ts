import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { TempDirectory } from '../../temp-directory.ts';
import { bench, CLIENT, unmanagedOf } from '../client-bench.ts';
import { known, launchSpec } from '../samples.ts';

/** An installation with its guard. */
class Installation extends TempDirectory {
  readonly guard = this.write('bin/sealwatch', '#!/bin/sh\n', 0o755);
  readonly main = this.write(
    'dist/bundle/start.js',
    "import { Server } from '@modelcontextprotocol/sdk/server/index.js';",
  );
  readonly manifest = this.write('package.json', { name: 'mcp-sealwatch' });
}

const COMMAND = ['node', '/srv/mcp-files.js', '/srv'];
const LAUNCHED = ['/opt/sealwatch/sealwatch-launcher', 'strict', '/usr/bin/node', ...COMMAND];
const words = (name: string, command: readonly string[] = COMMAND) => [
  ...['guard', '--client', 'claude-code', '--name', name, '--'],
  ...command,
];
const asked = (id: string, guard: string) =>
  known({
    server: { id, name: id },
    launch: launchSpec({ command: 'node', args: COMMAND.slice(1), launcher: 'interpreter' }),
    guard: { command: guard, args: words(id) },
  });

/** Starts a server as a client does that has the guard in its config. */
function startGuarded(exec: ReturnType<typeof bench>['exec'], { guard, main }: Installation, name: string) {
  const [first, second, third] = name === 'one' ? [20, 21, 22] : [30, 31, 32];
  const launcher = { exe: '/opt/sealwatch/sealwatch-launcher' };
  exec(first, CLIENT, ['/bin/sh', guard, ...words(name)]);
  exec(first, CLIENT, ['node', '--max-semi-space-size=4', main, ...words(name)], {
    exe: '/opt/node/bin/node',
  });
  exec(second, first, LAUNCHED, launcher);
  exec(third, second, LAUNCHED, launcher);
  exec(third, second, COMMAND, { exe: '/usr/bin/node' });
  return [first, second, third] as const;
}

test('the guard and its launcher are no server and no shell of one, and what the launcher becomes is the server', async (context) => {
  using install = new Installation();
  const { exec, later, told, table, tracker } = bench(context, { guards: [install.guard] });
  tracker.setServers([asked('one', install.guard)]);
  const [guard, launcher, server] = startGuarded(exec, install, 'one');
  await later();
  assert.deepEqual([table.get(guard)?.membership, table.get(launcher)?.membership], [null, null]);
  assert.deepEqual(table.get(server)?.membership, { serverId: 'one', role: 'server', rootPid: server });
  assert.deepEqual(unmanagedOf(told), []);
  assert.deepEqual(new Set(told.map(({ fields }) => fields['ProcessId'])), new Set([server]));
  assert.deepEqual(
    told.filter(({ fields }) => 'CommandLine' in fields).map(({ fields }) => fields['CommandLine']),
    [COMMAND.join(' '), COMMAND.join(' ')],
  );
});

test('of two entries that ask for the same, the one is meant whose guard started it', (context) => {
  using install = new Installation();
  const { exec, table, tracker } = bench(context, { guards: [install.guard] });
  tracker.setServers([asked('two', install.guard), asked('one', install.guard)]);
  for (const name of ['one', 'two']) {
    const [, , server] = startGuarded(exec, install, name);
    assert.equal(table.get(server)?.membership?.serverId, name);
  }
});

test('a server that no config asks for is found behind the guard, too', async (context) => {
  using install = new Installation();
  const streams = {
    20: ['pipe:[1]', 'pipe:[2]'],
    21: ['pipe:[3]', 'pipe:[4]'],
    22: ['pipe:[3]', 'pipe:[4]'],
  } as const;
  const { exec, later, told } = bench(context, { guards: [install.guard], streams });
  startGuarded(exec, install, 'one');
  await later();
  assert.deepEqual(
    unmanagedOf(told).map(({ fields }) => fields['ProcessId']),
    [22],
  );
});

test('what only looks like the guard is judged as any other program', async (context) => {
  using install = new Installation();
  const evil = install.write(
    'evil/dist/bundle/start.js',
    "import '@modelcontextprotocol/sdk/server/index.js'",
  );
  symlinkSync(install.guard, install.at('link'));
  const starts: Readonly<Record<string, readonly string[]>> = {
    'another program': ['node', evil, ...words('one')],
    'another verb': ['node', install.main, 'run', '--client', 'claude-code'],
    'code before the program': ['node', '--require=/tmp/mcp.js', install.main, ...words('one')],
  };
  for (const [about, argv] of Object.entries(starts)) {
    const { exec, later, table, told } = bench(context, { guards: [install.guard] });
    exec(40, CLIENT, argv, { exe: '/usr/bin/node', cwd: install.path });
    exec(41, 40, LAUNCHED, { exe: '/tmp/mcp-x/sealwatch-launcher' });
    await later();
    context.mock.timers.reset();
    assert.ok(table.get(40) !== null);
    const found = unmanagedOf(told).map(({ fields }) => fields['ProcessId']);
    assert.ok(found.includes(40), about);
  }
});

test('a link to the guard is the guard', (context) => {
  using install = new Installation();
  symlinkSync(install.guard, install.at('link'));
  const { exec, table, tracker } = bench(context, { guards: [install.guard] });
  tracker.setServers([asked('one', install.guard)]);
  const [, , server] = startGuarded(exec, install, 'one');
  exec(50, CLIENT, ['/bin/sh', install.at('link'), ...words('one')]);
  exec(51, 50, LAUNCHED, { exe: '/opt/sealwatch/sealwatch-launcher' });
  assert.equal(table.get(51)?.membership, null);
  assert.equal(table.get(server)?.membership?.serverId, 'one');
});

test('a launcher that the guard did not start is what its words say', (context) => {
  using install = new Installation();
  const { exec, table, tracker } = bench(context, { guards: [install.guard] });
  tracker.setServers([asked('one', install.guard)]);
  exec(60, CLIENT, LAUNCHED, { exe: '/tmp/sealwatch-launcher' });
  assert.equal(table.get(60)?.membership?.serverId, 'one');
});
