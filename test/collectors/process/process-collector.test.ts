import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { createProcessCollector } from '../../../collectors/process/index.ts';
import { prepareSensor, root, sensorPath, skip } from './built-sensor.ts';
import { EventLog } from './event-log.ts';

const NEVER_MS = 2 ** 30;
const folder = mkdtempSync(join(tmpdir(), 'sealwatch-process-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A process that lives until its stdin ends. */
async function living(t: TestContext) {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  t.after(() => child.kill());
  await new Promise((resolve) => child.once('spawn', resolve));
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.stdin.end();
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}

test('what ran before the start is told once the kernel sensor is armed', { skip }, async (t) => {
  const log = new EventLog();
  const collector = createProcessCollector({ sensorPath });
  const before = await living(t);
  t.after(() => collector.stop());
  await collector.start(log.sink);
  assert.deepEqual([collector.source, collector.name], ['ebpf', 'process/ebpf']);
  const own = log.of('process_exec').find(({ pid }) => pid === before.pid);
  assert.equal(own?.source, 'sweep');
  await before.end();
  await collector.sync();
  const exit = log.of('process_exit').find(({ pid }) => pid === before.pid);
  assert.deepEqual([exit?.start, exit?.source, exit?.exit_code], [own?.start, 'ebpf', 0]);
  assert.equal(log.events[0]?.kind, 'health');
  await collector.stop();
  await collector.stop();
  assert.equal(collector.source, null);
});

test('a sensor killed in mid-run is replaced by the sampler at once', { skip }, async (t) => {
  const log = new EventLog();
  const retry = { firstMs: NEVER_MS, maxMs: NEVER_MS };
  const collector = createProcessCollector({ sensorPath, retry, intervalMs: NEVER_MS });
  t.after(() => collector.stop());
  await collector.start(log.sink);
  const early = await living(t);
  await collector.sync();
  const { sensorPid } = collector;
  assert.ok(sensorPid);
  // Stopped first, so that it cannot tell of the end.
  process.kill(sensorPid, 'SIGSTOP');
  await early.end();
  process.kill(sensorPid, 'SIGKILL');
  await log.wait('health', ({ collector, state }) => collector === 'process/ebpf' && state === 'failed');
  await log.wait('loss', ({ stage }) => stage === 'sensor-pipe');
  const degraded = await log.wait('health', ({ state }) => state === 'degraded');
  assert.match(degraded.detail, /signal SIGKILL/);
  await log.wait('process_exit', ({ pid, source }) => pid === early.pid && source === 'sweep');
  const late = await living(t);
  await collector.sync();
  assert.deepEqual([collector.source, collector.name], ['sampler', 'process/sampler']);
  assert.ok(log.of('process_exec').some(({ pid, source }) => pid === late.pid && source === 'sampler'));
  await late.end();
  await collector.stop();
});

test('a sensor that died comes back', { skip }, async (t) => {
  const log = new EventLog();
  const retry = { firstMs: 10, maxMs: 100 };
  const collector = createProcessCollector({ sensorPath, retry, intervalMs: NEVER_MS });
  t.after(() => collector.stop());
  await collector.start(log.sink);
  process.kill(collector.sensorPid ?? 0, 'SIGKILL');
  await log.wait('health', ({ collector, state }) => collector === 'process/sampler' && state === 'ok');
  assert.equal(collector.source, 'ebpf');
  const token = `sealwatch-back-${process.pid}`;
  spawnSync('/bin/true', [token]);
  await collector.sync();
  assert.equal(log.execs(token)[0]?.source, 'ebpf');
  await collector.stop();
});

test('after a loss in the kernel a sweep tells again what runs', { skip }, async (t) => {
  const log = new EventLog();
  const collector = createProcessCollector({ sensorPath, ringBytes: 4096 });
  t.after(() => collector.stop());
  await collector.start(log.sink);
  spawnSync('/bin/true', ['x'.repeat(6000)]);
  await collector.sync();
  const { time } = await log.wait('loss', ({ stage }) => stage === 'kernel-ring');
  await log.wait('process_exec', (e) => e.pid === process.pid && e.source === 'sweep' && e.time > time);
  await collector.stop();
});

test('without a sensor the sampler watches, and says what is missing and what helps', async (t) => {
  for (const [path, said] of [
    [null, /no compiler.*run the set-up/],
    [join(folder, 'missing'), /there is no kernel sensor at .*missing.*run the set-up/],
  ] as const) {
    const log = new EventLog();
    const options = { sensorReason: 'no compiler', intervalMs: NEVER_MS, platform: 'linux' } as const;
    const collector = createProcessCollector({ sensorPath: path, ...options });
    t.after(() => collector.stop());
    await collector.start(log.sink);
    assert.equal(collector.source, 'sampler');
    assert.equal(log.of('health')[0]?.state, 'degraded');
    assert.match(log.of('health')[0]?.detail ?? '', said);
    assert.ok(!log.of('health')[0]?.detail.includes('\n'));
    await collector.stop();
  }
});

test('the set-up builds nothing where the sensor is switched off, and nothing twice', { skip }, async () => {
  assert.equal((await prepareSensor({ root })).state, 'current');
  process.env['SEALWATCH_SENSOR'] = 'off';
  const off = await prepareSensor({ root });
  delete process.env['SEALWATCH_SENSOR'];
  assert.deepEqual([off.state, off.path], ['unavailable', null]);
  assert.match(off.reason ?? '', /switched off/);
});

test('the set-up names the command that helps where tools are missing', { skip }, async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = folder;
  const prepared = await prepareSensor({ root, out: join(folder, 'out'), mayInstall: true });
  process.env['PATH'] = path;
  assert.equal(prepared.state, 'unavailable');
  assert.match(prepared.reason ?? '', /^missing clang, .*; on Debian: apt-get install -y clang /);
});

test('on macOS eslogger watches, and where it is refused the sampler does, loudly', async (t) => {
  const speaks = join(folder, 'eslogger');
  writeFileSync(speaks, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const refused = join(folder, 'refused');
  writeFileSync(refused, '#!/bin/sh\necho Not permitted >&2\nexit 1\n', { mode: 0o755 });
  for (const [path, source, state] of [
    [speaks, 'eslogger', 'ok'],
    [refused, 'sampler', 'failed'],
  ] as const) {
    const log = new EventLog();
    const options = { esloggerPath: path, platform: 'darwin', intervalMs: NEVER_MS } as const;
    const collector = createProcessCollector({ sensorPath: null, ...options });
    t.after(() => collector.stop());
    await collector.start(log.sink);
    assert.equal(collector.source, source);
    const health = log.of('health').find(({ collector: name }) => name === 'process/eslogger');
    assert.equal(health?.state, state, health?.detail);
    assert.ok(log.of('process_exec').some(({ source: from }) => from === 'sweep'));
    await collector.stop();
  }
});
