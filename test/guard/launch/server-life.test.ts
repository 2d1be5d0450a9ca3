import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../../guard/launch/server-process.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { launch, launcher, node, skip } from './launches.ts';

/** Tells its pid and that of a process that left its session and has another parent. */
const FAMILY = `
import os, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(write, str(os.getpid()).encode() + b"\\n")
        time.sleep(600)
    os._exit(0)
os.wait()
print(os.getpid(), os.read(read, 100).decode().strip(), flush=True)
`;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await pause(5);
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  return '';
}

for (const mode of ['plain', 'strict'] as const) {
  describe(`the life of a server that is started ${mode}`, { skip, concurrency: 3 }, () => {
    test('its exit status and the signal that ended it are told exactly', async () => {
      const left = await launch(['/bin/sh', '-c', 'exit 42'], { mode });
      assert.deepEqual(await left.server.ended, { code: 42, signal: null });
      const killed = await launch(['/bin/sh', '-c', 'kill -SEGV $$'], { mode });
      assert.deepEqual(await killed.server.ended, { code: null, signal: 'SIGSEGV' });
    });

    test('its input and output pass as they are, and its arguments too', async () => {
      const { server, output } = await launch(['/bin/sh', '-c', 'cat; printf %s "$1"', 'x', 'ü "\\ '], {
        mode,
      });
      server.stdin.end(Buffer.alloc(1_000_000, 'x'));
      assert.equal(await output(), `${'x'.repeat(1_000_000)}ü "\\ `);
      assert.deepEqual(await server.ended, { code: 0, signal: null });
    });

    test('what it closes is closed for the guard', async () => {
      const { server, output } = await launch(['/bin/sh', '-c', 'echo out; exec >&-; cat; exit 6'], { mode });
      assert.equal(await output(), 'out\n');
      server.stdin.end();
      assert.deepEqual(await server.ended, { code: 6, signal: null });
    });

    test('signals reach it', async () => {
      for (const [index, name] of SIGNALS.entries()) {
        const script = `trap 'exit ${index + 10}' ${name.slice(3)}; echo ready; while :; do sleep 0.05; done`;
        const { server } = await launch(['/bin/sh', '-c', script], { mode });
        assert.equal(await firstLine(server.stdout), 'ready');
        server.signal(name);
        assert.deepEqual(await server.ended, { code: index + 10, signal: null });
      }
    });

    test('a signal to the launcher is handed on', async () => {
      const script = "trap 'exit 5' TERM; echo $PPID; while :; do sleep 0.05; done";
      const { server } = await launch(['/bin/sh', '-c', script], { mode });
      process.kill(Number(await firstLine(server.stdout)), 'SIGTERM');
      assert.deepEqual(await server.ended, { code: 5, signal: null });
    });

    test('what it left behind ends soon after it', async () => {
      const { server } = await launch(['/usr/bin/python3', '-c', FAMILY], { mode });
      const [, orphan] = (await firstLine(server.stdout)).split(' ').map(Number);
      assert.deepEqual(await server.ended, { code: 0, signal: null });
      assert.equal(isAlive(orphan ?? 0), false);
    });

    test('asked to end, it gets its time, then SIGTERM, then SIGKILL', async () => {
      const obedient = await launch(['/bin/sh', '-c', 'cat; exit 4'], { mode });
      obedient.server.end(60_000);
      assert.deepEqual(await obedient.server.ended, { code: 4, signal: null });
      const slow = await launch(['/bin/sleep', '600'], { mode });
      slow.server.end(20);
      assert.deepEqual(await slow.server.ended, { code: null, signal: 'SIGTERM' });
      const deaf = await launch(['/bin/sh', '-c', "trap '' TERM; while :; do sleep 0.05; done"], { mode });
      deaf.server.end(20);
      assert.deepEqual(await deaf.server.ended, { code: null, signal: 'SIGKILL' });
    });

    test('it dies with the guard, and so does who left its session', async () => {
      const program = fileURLToPath(new URL('programs/guard.ts', import.meta.url));
      const words = [launcher ?? '', mode, '/usr/bin/python3', '-c', `${FAMILY}time.sleep(600)`];
      const flags = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
      const guard = spawn(node, [...flags, program, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
      const pids = (await firstLine(guard.stdout)).split(' ').map(Number);
      assert.deepEqual(pids.map(isAlive), [true, true]);
      guard.kill('SIGKILL');
      await gone(pids);
    });

    test('what is not there or cannot be executed is told as such', async () => {
      using directory = new TempDirectory();
      const text = directory.write('text', 'x');
      await assert.rejects(launch(['/nothing/there'], { mode }), { code: 'GUARD_COMMAND_NOT_FOUND' });
      await assert.rejects(launch([text], { mode }), { code: 'GUARD_START_FAILED' });
      const tooLong = 'x'.repeat(10_000_000);
      await assert.rejects(launch(['/bin/true', tooLong], { mode }), { code: 'GUARD_START_FAILED' });
      await assert.rejects(launch(['/bin/true'], { mode, cwd: directory.at('none') }), {
        code: 'GUARD_START_FAILED',
      });
    });
  });
}

test('without a launcher a server is a plain child, and ends with what is in its group', async () => {
  const plain = {
    launcher: null,
    mode: 'strict',
    cwd: '/',
    env: process.env,
    sealed: null,
    onRefused: () => {},
  } as const;
  const command = { path: '/bin/sh', argv0: 'sh', args: ['-c', 'sleep 600 & echo $!; exit 9'] };
  const server = await startServer({ ...plain, command });
  const child = Number(await firstLine(server.stdout));
  assert.deepEqual(await server.ended, { code: 9, signal: null });
  await gone([child]);
  const cat = await startServer({ ...plain, command: { path: '/bin/cat', argv0: 'cat', args: [] } });
  cat.end(60_000);
  assert.deepEqual(await cat.ended, { code: 0, signal: null });
  const missing = { path: '/nothing', argv0: 'x', args: [] };
  await assert.rejects(startServer({ ...plain, command: missing }), { code: 'GUARD_COMMAND_NOT_FOUND' });
  assert.equal(existsSync('/nothing'), false);
});
