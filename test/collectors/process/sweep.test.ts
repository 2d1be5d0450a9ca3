import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseStat } from '../../../collectors/process/proc.ts';
import { fromSystem } from '../../../collectors/process/sampler/system-process.ts';
import { sweepProcesses } from '../../../collectors/process/sweep.ts';

const skip = process.platform === 'linux' ? false : 'needs /proc';
const procRoot = mkdtempSync(join(tmpdir(), 'sealwatch-proc-'));
after(() => rmSync(procRoot, { recursive: true, force: true }));

interface Pretend {
  readonly name?: string;
  readonly state?: string;
  readonly flags?: number;
  readonly cmdline?: string;
  readonly exe?: string;
}

function pretend(pid: number, { name = 'x', state = 'S', flags = 0, cmdline = '', exe }: Pretend): void {
  const folder = join(procRoot, String(pid));
  mkdirSync(folder);
  const rest = `0 0 0 0 ${flags} 0 0 0 0 0 0 0 0 20 0 1 0 ${pid * 10} 0 0`;
  writeFileSync(join(folder, 'stat'), `${pid} (${name}) ${state} 1 ${rest}\n`);
  writeFileSync(join(folder, 'status'), 'Name:\tx\nUid:\t1000\t1001\t1002\t1003\nGid:\t10\t11\t12\t13\n');
  writeFileSync(join(folder, 'cmdline'), cmdline);
  if (exe !== undefined) symlinkSync(exe, join(folder, 'exe'));
}

test('a sweep finds this process with its image, arguments, directory and start', { skip }, async () => {
  const own = (await sweepProcesses()).find(({ pid }) => pid === process.pid);
  assert.equal(own?.exe, realpathSync('/proc/self/exe'));
  assert.equal(own?.cwd, process.cwd());
  assert.equal(own?.ppid, process.ppid);
  assert.equal(own?.uid, process.geteuid?.());
  assert.equal(own?.source, 'sweep');
  assert.equal(own?.start, parseStat(readFileSync('/proc/self/stat', 'utf8'))?.start);
  assert.deepEqual(own?.argv, readFileSync('/proc/self/cmdline', 'utf8').slice(0, -1).split('\0'));
});

test('a sweep leaves out kernel threads', { skip }, async () => {
  assert.equal(
    (await sweepProcesses()).find(({ pid }) => pid === 2),
    undefined,
  );
});

test('a sweep flags arguments that it cut', { skip }, async () => {
  const child = spawn('sleep', ['600', ...Array.from({ length: 2 }, () => `0.${'0'.repeat(100_000)}`)]);
  await new Promise((resolve) => child.once('spawn', resolve));
  const found = (await sweepProcesses()).find(({ pid }) => pid === child.pid);
  child.kill();
  assert.equal(found?.truncated, true);
});

test('a sweep of any /proc takes what is whole and leaves the rest', async () => {
  pretend(40, { name: ') (evil) R 1', cmdline: '/opt/a\0--flag\0\0', exe: '/opt/real' });
  pretend(30, { cmdline: 'no-image\0' });
  pretend(50, { flags: 0x20_0000 });
  pretend(60, { state: 'Z' });
  mkdirSync(join(procRoot, '70'));
  mkdirSync(join(procRoot, '80'));
  writeFileSync(join(procRoot, '80', 'stat'), 'garbage');
  mkdirSync(join(procRoot, 'sys'));
  const found = await sweepProcesses({ platform: 'linux', procRoot, now: () => 5 });
  assert.deepEqual(
    found.map(({ pid, exe, argv }) => ({ pid, exe, argv })),
    [
      { pid: 30, exe: 'no-image', argv: ['no-image'] },
      { pid: 40, exe: '/opt/real', argv: ['/opt/a', '--flag', ''] },
    ],
  );
  assert.deepEqual([found[1]?.uid, found[1]?.gid, found[1]?.start, found[1]?.time], [1001, 11, 400, 5]);
});

test('a sweep of a host without /proc finds nothing rather than failing', async () => {
  assert.deepEqual(await sweepProcesses({ platform: 'linux', procRoot: join(procRoot, 'none') }), []);
});

test('elsewhere the process list of the system does', async () => {
  const found = await sweepProcesses({ platform: 'darwin' });
  assert.ok(found.some(({ pid, ppid }) => pid === process.pid && ppid === process.ppid));
});

test('a process of the system list has its start in ticks since boot', () => {
  const started = '2026-01-02 03:04:15';
  const boot = Date.parse('2026-01-02T03:04:05');
  const found = {
    pid: 9,
    parentPid: 1,
    started,
    user: 'root',
    command: 'node',
    params: '-e x',
    name: 'node',
  };
  const event = fromSystem({ ...found, path: '/bin' }, 'sampler', 1, boot);
  assert.deepEqual(
    [event.start, event.exe, event.argv, event.uid],
    [1000, '/bin/node', ['node', '-e', 'x'], 0],
  );
});
