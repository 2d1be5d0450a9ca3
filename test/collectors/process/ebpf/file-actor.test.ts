import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import type { FileWrite } from '../../../../wire/index.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';

/** Bits of capabilities(7) in /proc/PID/status. */
const CAP_DAC_READ_SEARCH = 1n << 2n;
const CAP_BPF = 1n << 39n;

/** Every set of capabilities that a process holds, as /proc/PID/status names them. */
function capabilities(pid: number | undefined): Readonly<Record<string, bigint>> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const sets = status.matchAll(/^(Cap\w+):\t([0-9a-f]+)$/gm);
  return Object.fromEntries(Array.from(sets, ([, name, bits]) => [name, BigInt(`0x${bits}`)]));
}

describe('the file actor', { skip, timeout: 180_000 }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath });
  const folder = new TempDirectory();
  const marked = (path: string) => ({ path, identity: `${statSync(path).ino}` });

  before(async () => {
    await sensor.start(log.sink);
    sensor.watchDirectories([marked(folder.path)]);
    await sensor.sync();
  });
  after(async () => {
    await sensor.stop();
    folder[Symbol.dispose]();
  });

  /** Runs a shell to its end and gives what it was told to have done to a name, beside its pid. */
  async function by(shell: string, name: string): Promise<{ pid: number; writes: readonly FileWrite[] }> {
    await sensor.sync();
    const from = log.events.length;
    const { pid, stderr } = spawnSync('sh', ['-c', shell], { cwd: folder.path, encoding: 'utf8' });
    assert.equal(stderr, '');
    await sensor.sync();
    const writes = log.events
      .slice(from)
      .filter((event) => event.kind === 'file_write')
      .filter(({ path }) => path === folder.at(name));
    return { pid, writes };
  }

  const changes = (writes: readonly FileWrite[]) => [...new Set(writes.map(({ change }) => change))];

  test('says that it is on', () => {
    const health = log.of('health').find(({ collector }) => collector === 'file/actor');
    assert.deepEqual([health?.state, health?.detail], ['ok', 'fanotify tells who writes']);
  });

  test('names the process of a plain write, also where it is gone at once', async () => {
    const { pid, writes } = await by('echo x > plain', 'plain');
    // Whether the kernel joins both into one depends on when they are read.
    assert.equal(changes(writes)[0], 'create');
    assert.deepEqual([...new Set(writes.map((write) => write.pid))], [pid]);
    const again = await by('echo y >> plain', 'plain');
    assert.deepEqual([changes(again.writes), again.writes[0]?.pid], [['modify'], again.pid]);
    assert.ok(Math.abs((again.writes[0]?.time ?? 0) - Date.now()) < 60_000);
  });

  test('names who replaces a file by a rename, under the name that it gets', async () => {
    folder.write('target', 'old');
    const { writes } = await by('echo new > target.tmp; exec mv target.tmp target', 'target');
    assert.ok(changes(writes).includes('rename_to'), JSON.stringify(writes));
  });

  test('names who deletes, makes again, truncates and changes the mode', async () => {
    folder.write('victim', 'x');
    assert.deepEqual(changes((await by('rm victim', 'victim')).writes), ['delete']);
    assert.ok(changes((await by('echo > victim', 'victim')).writes).includes('create'));
    assert.ok(changes((await by(': > victim', 'victim')).writes).includes('modify'));
    assert.deepEqual(changes((await by('chmod 600 victim', 'victim')).writes), ['attrib']);
  });

  test('a living writer comes with its start time', async () => {
    const path = folder.at('own');
    writeFileSync(path, 'x');
    await sensor.sync();
    const write = log.of('file_write').find((event) => event.path === path);
    const text = readFileSync('/proc/self/stat', 'latin1');
    const start = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
    assert.deepEqual([write?.pid, write?.start], [process.pid, start]);
  });

  test('a write by another name of the file is told under that name only', async () => {
    folder.write('linked', 'x');
    using elsewhere = new TempDirectory();
    linkSync(folder.at('linked'), elsewhere.at('other'));
    const { writes } = await by(`echo y >> ${elsewhere.at('other')}`, 'linked');
    assert.deepEqual(writes, [], 'docs/limitations.md says so');
  });

  test('a directory behind a symlink, one closed to others, and one that comes later can be marked', async () => {
    const real = folder.at('real');
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, folder.at('link'));
    sensor.watchDirectories([marked(folder.path), marked(folder.at('link'))]);
    await sensor.sync();
    const { pid, writes } = await by('echo x > real/inside', 'link/inside');
    assert.deepEqual([writes[0]?.change, writes[0]?.pid], ['create', pid]);
    mkdirSync(folder.at('later'));
    assert.deepEqual((await by('echo x > later/inside', 'later/inside')).writes, []);
    sensor.watchDirectories([marked(folder.path), marked(folder.at('later'))]);
    await sensor.sync();
    assert.ok((await by('echo y > later/inside', 'later/inside')).writes.length > 0);
    assert.deepEqual((await by('echo y > real/inside', 'link/inside')).writes, [], 'no longer asked for');
  });

  test('a directory that was put in the place of another is marked anew', async () => {
    const path = folder.at('swapped');
    mkdirSync(path);
    sensor.watchDirectories([marked(folder.path), marked(path)]);
    await sensor.sync();
    renameSync(path, folder.at('aside'));
    mkdirSync(path);
    sensor.watchDirectories([marked(folder.path), marked(path)]);
    await sensor.sync();
    assert.ok((await by('echo x > swapped/a', 'swapped/a')).writes.length > 0);
  });

  test('a directory that cannot be marked is said, and the others go on', async () => {
    sensor.watchDirectories([marked(folder.path), { path: folder.at('missing'), identity: '0' }]);
    await sensor.sync();
    const last = log
      .of('health')
      .filter(({ collector }) => collector === 'file/actor')
      .at(-1);
    assert.match(last?.detail ?? '', /1 directories cannot be marked, the last .*missing: ENOENT/);
    assert.ok((await by('echo z > plain', 'plain')).writes.length > 0);
  });

  test('a queue that overflows is a loss', async () => {
    using crowd = new TempDirectory();
    const other = createSensorCollector({ path: sensorPath });
    const heard = new EventLog();
    await other.start(heard.sink);
    other.watchDirectories([marked(crowd.path)]);
    await other.sync();
    process.kill(other.pid ?? 0, 'SIGSTOP');
    // More events than fs.fanotify.max_queued_events holds by default.
    const queue = Number(readFileSync('/proc/sys/fs/fanotify/max_queued_events', 'utf8'));
    const script = `i=0; while [ $i -lt ${queue + 100} ]; do : > f$i; i=$((i+1)); done`;
    spawnSync('sh', ['-c', script], { cwd: crowd.path });
    process.kill(other.pid ?? 0, 'SIGCONT');
    const loss = await heard.wait('loss', ({ stage }) => stage === 'file-actor');
    assert.equal(loss.count, 1);
    await other.stop();
  });

  test('keeps the capability that marking takes, and not where the file actor is given up', async (t) => {
    const { CapInh, CapPrm, CapEff, CapBnd, CapAmb } = capabilities(sensor.pid);
    const kept = CAP_DAC_READ_SEARCH | CAP_BPF;
    assert.deepEqual([CapPrm, CapEff], [kept, kept]);
    assert.deepEqual([CapInh, CapBnd, CapAmb], [0n, 0n, 0n]);
    const other = createSensorCollector({ path: sensorPath, fileActor: false });
    const heard = new EventLog();
    t.after(() => other.stop());
    await other.start(heard.sink);
    other.watchDirectories([marked(folder.path)]);
    rmSync(join(folder.path, 'plain'));
    await other.sync();
    const without = capabilities(other.pid);
    assert.deepEqual([without['CapPrm'], without['CapEff'], without['CapBnd']], [CAP_BPF, CAP_BPF, 0n]);
    assert.deepEqual(heard.of('file_write'), []);
    const health = heard.of('health').find(({ collector }) => collector === 'file/actor');
    assert.deepEqual([health?.state, health?.detail], ['ok', 'given up by the configuration']);
  });
});
