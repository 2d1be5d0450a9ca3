import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { CollectorError } from '../../../../collectors/errors.ts';
import { createSampler } from '../../../../collectors/process/sampler/sampler.ts';
import type { SystemProcess } from '../../../../collectors/process/sampler/system-process.ts';
import { EventLog } from '../event-log.ts';

const NEVER_MS = 2 ** 30;
const skip = process.platform === 'linux' ? false : 'needs /proc';

function found(pid: number, command: string, params = '', started = '2036-01-02 03:04:05'): SystemProcess {
  return { pid, parentPid: 1, started, user: 'root', command, params, path: '/bin', name: command };
}

function sampled(t: TestContext, ...samples: readonly (readonly SystemProcess[])[]) {
  const log = new EventLog();
  let next = 0;
  const list = async () => samples[Math.min(next++, samples.length - 1)] ?? [];
  const sampler = createSampler({ platform: 'darwin', intervalMs: NEVER_MS, list });
  t.after(() => sampler.stop());
  return { log, sampler };
}

function told(log: EventLog): readonly string[] {
  return log.events.map((event) =>
    'pid' in event ? `${event.kind} ${event.source} ${event.pid}` : event.kind,
  );
}

test('a living process is seen with its real arguments', { skip }, async (t) => {
  const log = new EventLog();
  const sampler = createSampler({ intervalMs: NEVER_MS, reason: 'there is no sensor here' });
  t.after(() => sampler.stop());
  await sampler.start(log.sink);
  const child = spawn('sh', ['-c', 'read _; exit 3', 'two  words', ''], { cwd: '/', stdio: 'pipe' });
  t.after(() => child.kill());
  await new Promise((resolve) => child.once('spawn', resolve));
  await sampler.sync();
  const exec = log.of('process_exec').find(({ pid }) => pid === child.pid);
  assert.equal(exec?.source, 'sampler');
  assert.deepEqual(exec?.argv, ['sh', '-c', 'read _; exit 3', 'two  words', '']);
  assert.deepEqual([exec?.exe, exec?.cwd, exec?.ppid], [realpathSync('/bin/sh'), '/', process.pid]);
  child.stdin.end();
  await new Promise((resolve) => child.once('close', resolve));
  await sampler.sync();
  await sampler.stop();
  const own = log.events.filter((event) => 'pid' in event && event.pid === child.pid);
  assert.deepEqual(
    own.map(({ kind }) => kind),
    ['process_fork', 'process_exec', 'process_exit'],
  );
  assert.ok(log.of('process_exec').some(({ pid, source }) => pid === process.pid && source === 'sweep'));
  const health = log.of('health')[0];
  assert.equal(health?.state, 'degraded');
  assert.match(health?.detail ?? '', /live shorter are missed: there is no sensor here$/);
});

describe('without /proc', () => {
  test('what comes and goes between two samples is told', async (t) => {
    const { log, sampler } = sampled(
      t,
      [found(1, 'init')],
      [found(1, 'init'), found(2, 'sh')],
      [found(1, 'init')],
    );
    await sampler.start(log.sink);
    await sampler.sync();
    await sampler.sync();
    await sampler.stop();
    assert.deepEqual(told(log), [
      'health',
      'process_exec sweep 1',
      'process_fork sampler 2',
      'process_exec sampler 2',
      'process_exit sampler 2',
    ]);
  });

  test('a changed command line is an exec of the same process', async (t) => {
    const { log, sampler } = sampled(t, [found(2, 'sh')], [found(2, 'node', 'x.js', '2036-01-02 03:04:06')]);
    await sampler.start(log.sink);
    await sampler.sync();
    assert.deepEqual(told(log).slice(1), ['process_exec sweep 2', 'process_exec sampler 2']);
    const [before, after] = log.of('process_exec');
    assert.equal(before?.start, after?.start);
  });

  test('a pid that changed hands is an exit and a new process', async (t) => {
    const { log, sampler } = sampled(t, [found(2, 'sh')], [found(2, 'sh', '', '2036-01-02 04:00:00')]);
    await sampler.start(log.sink);
    await sampler.sync();
    assert.deepEqual(told(log).slice(2), [
      'process_exit sampler 2',
      'process_fork sampler 2',
      'process_exec sampler 2',
    ]);
  });

  test('an empty list is a failure of the list, not the end of everybody', async (t) => {
    const { log, sampler } = sampled(t, [found(2, 'sh')], [], [], [found(2, 'sh')]);
    await sampler.start(log.sink);
    for (let i = 0; i < 3; i++) await sampler.sync();
    assert.deepEqual(
      log.of('health').map(({ state }) => state),
      ['degraded', 'failed', 'degraded'],
    );
    assert.deepEqual(log.of('process_exit'), []);
    await assert.rejects(
      sampled(t, []).sampler.start(() => {}),
      (error) => error instanceof CollectorError && error.code === 'COLLECTOR_UNSUPPORTED',
    );
  });

  test('samples never overlap, and those left out are counted', async () => {
    const log = new EventLog();
    const slow = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    let calls = 0;
    const list = async () => {
      most = Math.max(most, ++running);
      if (++calls === 2) await slow.promise;
      running--;
      return [found(2, 'sh')];
    };
    const sampler = createSampler({ platform: 'darwin', intervalMs: 1, list });
    await sampler.start(log.sink);
    setTimeout(slow.resolve, 50);
    const loss = await log.wait('loss', () => true);
    await sampler.stop();
    assert.ok(loss.count >= 1);
    assert.equal(loss.stage, 'sampler');
    assert.equal(most, 1);
  });
});
