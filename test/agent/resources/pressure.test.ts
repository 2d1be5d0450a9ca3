import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PressureGauge } from '../../../agent/resources/pressure.ts';
import { TempDirectory } from '../../temp-directory.ts';

const MIB = 1024 * 1024;
const GROUP = 'cg/system.slice/sealwatch-agent.service';

class FakeGroup extends TempDirectory {
  now = 0;
  readonly gauge: PressureGauge;

  constructor(cgroup = '4:memory:/v1\n0::/system.slice/sealwatch-agent.service\n') {
    super();
    this.write('proc/self/cgroup', cgroup);
    this.gauge = new PressureGauge({
      cgroupRoot: this.at('cg'),
      procRoot: this.at('proc'),
      heap: () => ({ used: 1, limit: 4 }),
      clock: () => this.now,
    });
  }

  set(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) this.write(join(GROUP, name), text);
  }
}

test('memory that the kernel takes back by itself is not counted, and the lower limit is', () => {
  using group = new FakeGroup();
  group.set({
    'memory.current': `${180 * MIB}\n`,
    'memory.high': `${200 * MIB}\n`,
    'memory.max': 'max\n',
    'memory.stat': `anon ${90 * MIB}\ninactive_file ${40 * MIB}\nactive_file ${20 * MIB}\nslab_reclaimable ${10 * MIB}\n`,
    'memory.pressure':
      'some avg10=12.50 avg60=1.00 avg300=0.10 total=5\nfull avg10=0.00 avg60=0 avg300=0 total=0\n',
  });
  const { memory, stalled, heap } = group.gauge.read();
  assert.deepEqual(memory, { used: 110 * MIB, limit: 200 * MIB });
  assert.equal(stalled, 0.125);
  assert.deepEqual(heap, { used: 1, limit: 4 });
  group.set({ 'memory.max': `${150 * MIB}\n` });
  assert.equal(group.gauge.read().memory?.limit, 150 * MIB);
});

test('time held back by the quota is a share of the time since the last reading', () => {
  using group = new FakeGroup();
  group.set({ 'cpu.stat': 'usage_usec 5\nthrottled_usec 1000000\n' });
  assert.equal(group.gauge.read().throttled, null);
  group.now = 5_000;
  group.set({ 'cpu.stat': 'usage_usec 5\nthrottled_usec 2000000\n' });
  assert.equal(group.gauge.read().throttled, 0.2);
  group.now = 10_000;
  assert.equal(group.gauge.read().throttled, 0);
});

test('without limits, without cgroup v2 and with files that make no sense nothing is claimed', () => {
  using free = new FakeGroup();
  free.set({
    'memory.current': '5\n',
    'memory.high': 'max\n',
    'memory.max': 'max\n',
    'memory.pressure': '?',
  });
  assert.deepEqual(free.gauge.read(), {
    memory: null,
    stalled: null,
    heap: { used: 1, limit: 4 },
    throttled: null,
  });
  using old = new FakeGroup('4:memory:/v1\n');
  assert.equal(old.gauge.read().memory, null);
});

/** A new control group of version 2 with the memory controller; null with the reason said where none can be made. */
function realGroup(context: TestContext): string | null {
  const root = '/sys/fs/cgroup';
  const controllers = join(root, 'cgroup.controllers');
  if (!existsSync(controllers) || !/\bmemory\b/.test(readFileSync(controllers, 'utf8'))) {
    context.skip('cgroup v2 has no memory controller on this machine');
    return null;
  }
  const path = join(root, `sealwatch-test-${process.pid}`);
  try {
    writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
    mkdirSync(path);
    writeFileSync(join(path, 'memory.high'), String(256 * MIB));
    return path;
  } catch (error) {
    context.skip(`no control group can be made here: ${String(error)}`);
    return null;
  }
}

test('a process in a real control group reads its own limit', async (context) => {
  const path = realGroup(context);
  if (path === null) return;
  try {
    const code = `
      process.stdin.once('data', async () => {
        const { PressureGauge } = await import(${JSON.stringify(new URL('../../../agent/resources/pressure.ts', import.meta.url).href)});
        process.stdout.write(JSON.stringify(new PressureGauge().read().memory));
        process.exit(0);
      });`;
    const child = spawn(process.execPath, ['--experimental-strip-types', '-e', code], { stdio: 'pipe' });
    writeFileSync(join(path, 'cgroup.procs'), String(child.pid));
    child.stdin.end('go');
    let text = '';
    for await (const chunk of child.stdout) text += String(chunk);
    const { used, limit } = JSON.parse(text);
    assert.equal(limit, 256 * MIB);
    assert.ok(used > 0 && used < limit);
  } finally {
    spawnSync('sleep', ['0.2']);
    rmdirSync(path);
  }
});
