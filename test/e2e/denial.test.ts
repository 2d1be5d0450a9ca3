import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../../wire/index.ts';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 120_000 };
const ROOT =
  process.getuid?.() === 0 ? {} : { skip: 'only root may end the processes of others and load the sensor' };
const FINDINGS = ['mcp_self_authority', 'mcp_config_writable_by_others', 'mcp_helper_writable'];

/** A server that runs until its stdin ends, and what it starts below itself. */
const SERVER = `
const { spawn } = require('node:child_process');
spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...args] = line.split(' ');
  spawn(command, args, { stdio: 'ignore' }).on('error', () => {});
});
`;

/** Ends a program and what it started; it leads a process group of its own. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // Nothing of it lives any more.
  }
}

function start(context: TestContext, command: readonly string[]) {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  context.after(() => endGroup(child.pid));
  const end = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, end };
}

function hasChild(pid = 0): Promise<true> {
  return until('its child', () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '');
}

async function production(context: TestContext, ...more: string[]) {
  const host = new Host(context);
  const script = host.write('srv/server.js', SERVER);
  host.writeConfig('.cursor/mcp.json', {
    one: { command: process.execPath, args: [script] },
    stranger: { command: '/usr/bin/tail', args: ['-f', '/dev/null', '/dev/zero'] },
  });
  const accept = FINDINGS.flatMap((finding) => ['--accept', finding]);
  const all = ['--home', host.home, '--yes', '--profile', 'production', ...accept, ...more];
  await host.sealwatch('approve', 'cursor/one', ...all);
  const daemon = await host.up('--profile', 'production').ready();
  await until('approved', async () => (await host.status()).servers.approved === 1);
  return { script, daemon };
}

test('in production a server that runs is ended once its script is changed, and does not start again', {
  ...PATIENCE,
  ...ROOT,
}, async (context) => {
  const { script, daemon } = await production(context);
  const { child, end } = start(context, [process.execPath, script]);
  await hasChild(child.pid);
  const stranger = start(context, ['/usr/bin/tail', '-f', '/dev/null', '/dev/zero']);
  assert.equal((await stranger.end).signal, 'SIGKILL', 'a server that nobody approved');
  assert.equal(child.exitCode ?? child.signalCode, null, 'an approved server runs');
  writeFileSync(script, `${SERVER}\n// changed`);
  assert.equal((await end).signal, 'SIGKILL');
  const first = await daemon.alert('mcp_server_denied', ({ server }) => server?.name === 'one');
  assert.deepEqual([first.event['mcp.denial'], first.server?.state], ['ended', 'drifted']);
  assert.ok(Number(first.event['mcp.denied_processes']) >= 2, 'what it started is ended with it');
  const again = start(context, [process.execPath, script]);
  assert.equal((await again.end).signal, 'SIGKILL');
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});

test('in production the kernel ends a program that the policy refuses, and not an allowed one', {
  ...PATIENCE,
  ...ROOT,
}, async (context) => {
  const policy = new Host(context).write(
    'policy.yml',
    `executables: ["${process.execPath}", "/usr/bin/tail"]\n`,
  );
  const { script, daemon } = await production(context, '--policy', policy);
  const { child } = start(context, [process.execPath, script]);
  await hasChild(child.pid);
  // Until the kernel has the policy of a server that has just begun, the agent ends what it refuses.
  const ended = await until('the kernel to hold to the policy', async () => {
    child.stdin?.write('sleep 1000\n');
    await sleep(500);
    return daemon
      .named('mcp_exec_prevented')
      .find(({ actor, event }) => actor?.exe.endsWith('/sleep') && event['mcp.prevented'] === 'unlisted');
  });
  const isOwn = ({ actor }: Alert) => actor?.pid === ended.actor?.pid;
  const denied = await daemon.alert('mcp_policy_violation', isOwn);
  assert.equal(denied.event['mcp.policy'], 'DENIED_EXECUTABLE');
  assert.deepEqual(daemon.named('mcp_server_denied').filter(isOwn), [], 'one deed is told once');
  child.stdin?.write('tail -f /dev/null\n');
  child.stdin?.write('sh -c true\n');
  await daemon.alert('mcp_shell_spawn');
  await daemon.alert('mcp_exec_prevented', ({ event }) => event['mcp.prevented'] === 'shell');
  assert.equal(
    daemon.alerts.some(({ actor }) => actor?.exe.endsWith('/tail') === true),
    false,
  );
  assert.equal(child.exitCode ?? child.signalCode, null, 'the server itself runs on');
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});
