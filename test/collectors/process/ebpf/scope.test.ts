import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import type { CollectorEvent } from '../../../../wire/index.ts';
import { until } from '../../../e2e/host.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';
import { Subject, trackedAs } from './subject.ts';

const TAG = '00abcdef00abcdef';
const LAUNCHES = [
  { command: 'printf', last: 'the-last-word' },
  { command: 'nice', last: null },
] as const;
const QUIET = { stdio: 'ignore' } as const;

describe('a sensor that tells of subtrees only', { skip, timeout: 180_000 }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath, scope: 'subtrees' });
  const folder = new TempDirectory();
  const subjects: Subject[] = [];
  let marks = 0;
  const mark = () => `scoped-${process.pid}-${marks++}-`;

  before(async () => {
    await sensor.start(log.sink);
    sensor.watchLaunches(LAUNCHES);
    await sensor.sync();
  });
  after(async () => {
    for (const subject of subjects) subject.end();
    await sensor.stop();
    folder[Symbol.dispose]();
  });

  /** Kinds of what was told of a process, in order. */
  function told(pid: number): readonly CollectorEvent['kind'][] {
    return log.events.filter((event) => 'pid' in event && event.pid === pid).map(({ kind }) => kind);
  }

  test('tells nothing of what others run', async () => {
    const text = mark();
    const { pid } = spawnSync('sh', ['-c', `/bin/true ${text}; /bin/true ${text}`], QUIET);
    await sensor.sync();
    assert.deepEqual([told(pid), log.execs(text)], [[], []]);
  });

  test('tells the starts that configs name, with what they start, and no others', async () => {
    const named = spawnSync('env', ['/usr/bin/printf', mark(), 'the-last-word'], QUIET).pid;
    const other = spawnSync('/usr/bin/printf', [mark(), 'another'], QUIET).pid;
    const below = mark();
    const bare = spawnSync('nice', ['sh', '-c', `/bin/true ${below}; :`], QUIET).pid;
    await sensor.sync();
    assert.deepEqual(told(named), ['process_exec', 'process_exec', 'process_exit']);
    assert.deepEqual(told(other), []);
    assert.ok(told(bare).length >= 2);
    assert.equal(log.execs(below).at(-1)?.argv[1], below);
  });

  test('tells what runs already once a config names it', async (t) => {
    const child = spawn('tail', ['-f', '/dev/null', folder.path], QUIET);
    t.after(() => child.kill());
    await sensor.sync();
    assert.deepEqual(told(child.pid ?? 0), []);
    sensor.watchLaunches([...LAUNCHES, { command: 'tail', last: folder.path }]);
    await sensor.sync();
    assert.deepEqual(told(child.pid ?? 0), ['process_exec']);
  });

  test('tells who is talked to by pipes made for it, but not who was handed down those of its parent', async () => {
    const inside = mark();
    const { pid } = spawnSync('sh', ['-c', `/bin/true ${mark()}`], { stdio: ['pipe', 'pipe', 'ignore'] });
    const quiet = spawnSync('sh', ['-c', `sh -c ': ${inside}' | cat > /dev/null`], QUIET).pid;
    await sensor.sync();
    assert.ok(told(pid).includes('process_exec'));
    assert.deepEqual(told(quiet), []);
  });

  test('tells no more of what came out of a process that is no server', async () => {
    const [before, after] = [mark(), mark()];
    const child = spawn('bash', ['-c', `/bin/true ${before}; read -r; /bin/true ${after}; :`]);
    await until(`the first of ${child.pid}`, async () => {
      await sensor.sync();
      return log.execs(before).some(({ exe }) => exe.endsWith('/true'));
    });
    sensor.release(child.pid ?? 0);
    await sensor.sync();
    child.stdin.write('\n');
    await once(child, 'exit');
    await sensor.sync();
    assert.equal(
      log.execs(after).some(({ exe }) => exe.endsWith('/true')),
      false,
    );
    assert.ok(told(child.pid ?? 0).includes('process_exit'));
  });

  test('tells all of members, and of nobody twice', async () => {
    const subject = new Subject();
    subjects.push(subject);
    await subject.run(':');
    sensor.track([trackedAs(subject, TAG, 'server')]);
    await sensor.sync();
    const text = mark();
    await subject.run(`sh -c '/bin/true ${text}; :'`);
    await sensor.sync();
    const [exec, ...more] = log.execs(text).filter(({ exe }) => exe.endsWith('/true'));
    assert.deepEqual([more.length, exec?.image?.member?.tag], [0, TAG]);
    assert.deepEqual(told(exec?.pid ?? 0), ['process_fork', 'process_exec', 'process_exit']);
  });

  test('tells who wrote in a watched directory, and those above, although they ended', async () => {
    sensor.watchDirectories([{ path: folder.path, identity: `${statSync(folder.path).ino}` }]);
    await sensor.sync();
    const text = mark();
    const outer = `bash -c 'sh -c "echo x > ${folder.at('a')}; : ${text}"; :' ${text}`;
    const { pid } = spawnSync('sh', ['-c', `${outer}; : ${text}`], QUIET);
    await sensor.sync();
    const write = log.of('file_write').find(({ path }) => path === folder.at('a'));
    assert.ok(write);
    const line = log.execs(text).map((exec) => [exec.source, exec.pid]);
    assert.deepEqual(
      line.map(([source]) => source),
      ['sweep', 'sweep', 'sweep'],
      'the outermost first',
    );
    assert.deepEqual([line[0]?.[1], line[2]?.[1]], [pid, write.pid]);
    const [first, ...rest] = told(write.pid);
    assert.deepEqual([first, rest.includes('process_exit')], ['process_exec', true]);
  });

  test('a process that writes without an image of its own is told with its parent', async () => {
    folder.write(
      'fork.py',
      `import os\nif os.fork() == 0:\n  open('${folder.at('b')}', 'w').close()\n  os._exit(0)\nos.wait()`,
    );
    const { pid } = spawnSync('python3', [folder.at('fork.py')], QUIET);
    await sensor.sync();
    const write = log.of('file_write').find(({ path }) => path === folder.at('b'));
    const fork = log.of('process_fork').find((event) => event.pid === write?.pid);
    assert.equal(fork?.ppid, pid);
    assert.ok(told(pid).includes('process_exec'));
  });
});
