import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { ExecPolicy, TrackedProcess } from '../../../../collectors/process/ebpf/commands.ts';
import { createSensorCollector, type SensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import type { ProcessExec } from '../../../../wire/index.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { program, sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';
import { Subject, trackedAs } from './subject.ts';

const TAG = '00feed0000feed00';
const SHELL = { path: '/bin/sh', inode: statSync('/bin/sh').ino, size: statSync('/bin/sh').size };
/** bpftool lies in /usr/sbin. */
const toolEnv = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
const FREE: ExecPolicy = { tag: TAG, shells: true, programs: null, nothing: false };

/** The map of this sensor that has a name: other sensors may run beside it. */
function mapId(sensor: SensorCollector, name: string): number {
  const folder = `/proc/${sensor.pid}/fdinfo`;
  const ids = readdirSync(folder).map((fd) =>
    /^map_id:\t(\d+)$/m.exec(readFileSync(`${folder}/${fd}`, 'utf8')),
  );
  const own = new Set(ids.map((found) => Number(found?.[1])));
  const maps: readonly { id: number; name?: string }[] = JSON.parse(
    execFileSync('bpftool', ['map', 'show', '-j'], { env: toolEnv, encoding: 'utf8' }),
  );
  const map = maps.find(({ id, name: called }) => called === name && own.has(id));
  assert.ok(map, `no map ${name} of ${sensor.pid}`);
  return map.id;
}

describe('enforcement in the kernel', { skip, timeout: 180_000 }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath });
  const folder = new TempDirectory();
  const subjects: Subject[] = [];

  before(() => sensor.start(log.sink));
  after(async () => {
    for (const subject of subjects) subject.end();
    await sensor.stop();
    folder[Symbol.dispose]();
  });

  async function member(role: TrackedProcess['role'] = 'server'): Promise<Subject> {
    const subject = new Subject();
    subjects.push(subject);
    await subject.run(':');
    sensor.track([trackedAs(subject, TAG, role)]);
    await sensor.sync();
    return subject;
  }

  /** Runs words in a member, that leave a file where they get to run; tells why they were ended. */
  async function killed(subject: Subject, words: string, name: string): Promise<ProcessExec['image']> {
    await subject.run(words);
    await sensor.sync();
    const [exec] = log.execs(name).slice(-1);
    assert.ok(exec, `no exec of ${name}`);
    return exec.image;
  }

  async function enforce(policy: Partial<ExecPolicy>): Promise<void> {
    sensor.enforce([{ ...FREE, ...policy }], [SHELL]);
    await sensor.sync();
  }

  test('a shell is ended before its first instruction, under whatever name, and other programs run', async () => {
    const subject = await member();
    await enforce({ shells: false });
    symlinkSync('/bin/sh', folder.at('quiet'));
    for (const [index, shell] of ['/bin/sh', folder.at('quiet')].entries()) {
      const trace = folder.at(`ran-${index}`);
      const image = await killed(subject, `${shell} -c ': > ${trace}'`, trace);
      assert.equal(image?.killed, 'shell');
      assert.equal(existsSync(trace), false, 'it ran');
    }
    const free = folder.at('free');
    assert.equal((await killed(subject, `touch ${free}`, free))?.killed, null);
    assert.equal(existsSync(free), true);
  });

  test('what is not listed is ended, also a copy of what is, and what is listed runs', async () => {
    const subject = await member();
    const touch = execFileSync('readlink', ['-f', '/usr/bin/touch'], { encoding: 'utf8' }).trim();
    copyFileSync(touch, folder.at('touch-copy'));
    await enforce({ programs: [touch] });
    const free = folder.at('listed');
    assert.equal((await killed(subject, `${touch} ${free}`, free))?.killed, null);
    assert.equal(existsSync(free), true);
    const copied = folder.at('copied');
    execFileSync('chmod', ['755', folder.at('touch-copy')]);
    assert.equal((await killed(subject, `${folder.at('touch-copy')} ${copied}`, copied))?.killed, 'unlisted');
    assert.equal(existsSync(copied), false);
    const memfd = folder.at('memfd');
    await subject.run(`${program('memfd-exec')} ${touch} ${memfd}`);
    assert.equal(existsSync(memfd), false, 'a program without a file is listed nowhere');
  });

  test('nothing runs any more where nothing may, not even on the way to the server', async () => {
    const subject = await member('launcher');
    await enforce({ nothing: true });
    const trace = folder.at('nothing');
    assert.equal((await killed(subject, `touch ${trace}`, trace))?.killed, 'denied');
    assert.equal(existsSync(trace), false);
    await enforce({});
    assert.equal((await killed(subject, `touch ${trace}`, trace))?.killed, null);
  });

  test('what the config asks for on the way to the server is not judged, nor is anybody outside', async () => {
    const subject = await member('launcher');
    await enforce({ shells: false, programs: ['/nothing'] });
    const trace = folder.at('launch');
    assert.equal((await killed(subject, `sh -c 'touch ${trace}'`, trace))?.killed, null);
    assert.equal(spawnSync('sh', ['-c', 'exit 7']).status, 7);
  });

  test('a list that one command cannot hold ends nothing that might be on it', async () => {
    const subject = await member();
    const many = Array.from({ length: 3_000 }, (_, index) => `/opt/a-rather-long-name/${index}`);
    await enforce({ programs: many });
    const trace = folder.at('many');
    assert.equal((await killed(subject, `touch ${trace}`, trace))?.killed, null);
  });

  test('policies that somebody else changes are told, and told anew to the kernel', async () => {
    const subject = await member();
    await enforce({ shells: false });
    const key = Buffer.alloc(8);
    key.writeBigUInt64LE(BigInt(`0x${TAG}`));
    const id = String(mapId(sensor, 'policies'));
    const hex = Array.from(key, (byte) => byte.toString());
    execFileSync('bpftool', ['map', 'delete', 'id', id, 'key', ...hex], { env: toolEnv });
    const tamper = await log.wait('tamper', ({ part }) => part === 'policies');
    assert.ok(tamper.time > 0);
    await sensor.sync();
    const trace = folder.at('tampered');
    assert.equal((await killed(subject, `sh -c ': > ${trace}'`, trace))?.killed, 'shell');
  });

  test('a mark that somebody else takes away is missing from what is told', async () => {
    const subject = await member();
    const id = String(mapId(sensor, 'members'));
    execFileSync(program('unmark'), [id, String(subject.pid)]);
    const name = folder.at('unmarked');
    assert.equal((await killed(subject, `touch ${name}`, name))?.member, null);
  });

  test('the end of the sensor ends all enforcement', async () => {
    const subject = await member();
    await enforce({ nothing: true });
    process.kill(sensor.pid ?? 0, 'SIGKILL');
    await log.wait('health', ({ state }) => state === 'failed');
    await subject.run(`touch ${folder.at('after')}`);
    assert.equal(existsSync(folder.at('after')), true);
  });
});

describe('a sensor that is asked before shells are executed', { skip, timeout: 180_000 }, () => {
  const heartbeat = { everyMs: 50, patienceMs: 300 };

  async function asked(t: TestContext) {
    const log = new EventLog();
    const sensor = createSensorCollector({ path: sensorPath, execPermission: true, heartbeat });
    t.after(() => sensor.stop());
    await sensor.start(log.sink);
    const subject = new Subject();
    t.after(() => subject.end());
    await subject.run(':');
    sensor.track([trackedAs(subject, TAG, 'server')]);
    sensor.enforce([{ ...FREE, shells: false }], [{ ...SHELL, path: realpathSync('/bin/sh') }]);
    await sensor.sync();
    return { log, sensor, subject };
  }

  test('a member is refused with EPERM, which is told, and everybody else runs it', async (t) => {
    using folder = new TempDirectory();
    const { log, sensor, subject } = await asked(t);
    await subject.run(`/bin/sh -c ': > ${folder.at('ran')}'; echo $? > ${folder.at('status')}`);
    assert.equal(folder.read('status').trim(), '126', 'as bash says of what it may not execute');
    assert.equal(existsSync(folder.at('ran')), false);
    await sensor.sync();
    const refused = await log.wait('exec_refused', ({ path }) => path === realpathSync('/bin/sh'));
    assert.ok(refused.pid > 0);
    assert.equal(spawnSync('/bin/sh', ['-c', 'exit 5']).status, 5);
  });

  test('nobody waits longer than the agent for a sensor that stands still', async (t) => {
    const { log, sensor } = await asked(t);
    process.kill(sensor.pid ?? 0, 'SIGSTOP');
    const child = spawn('/bin/bash', ['-c', '/bin/sh -c "exit 6"; exit $?']);
    const [status] = await once(child, 'exit');
    assert.equal(status, 6);
    await log.wait('health', ({ state }) => state === 'failed');
  });
});

describe('membership that outlives the sensor', { skip, timeout: 180_000 }, () => {
  const folder = new TempDirectory();
  const bpffs = folder.at('bpf');
  mkdirSync(bpffs);
  const pin = `${bpffs}/sealwatch`;
  const mounted = spawnSync('mount', ['-t', 'bpf', 'bpf', bpffs]).status === 0;
  after(() => {
    spawnSync('umount', [bpffs]);
    folder[Symbol.dispose]();
  });

  test('marks stay, are inherited while no sensor runs, and are told to the next one', async (t) => {
    if (!mounted) {
      t.skip('no BPF file system can be mounted here');
      return;
    }
    const first = createSensorCollector({ path: sensorPath, pin });
    await first.start(() => {});
    const subject = new Subject();
    t.after(() => subject.end());
    await subject.run(':');
    first.track([trackedAs(subject, TAG, 'server')]);
    await first.sync();
    await first.stop();
    await subject.run(`(setsid sleep 60 & echo $! > ${folder.at('child')}) >/dev/null; sleep 0.2`);
    const log = new EventLog();
    const second = createSensorCollector({ path: sensorPath, pin });
    t.after(() => second.stop());
    await second.start(log.sink);
    await second.sync();
    const told = new Map(log.of('process_member').map(({ pid, member }) => [pid, member]));
    const child = Number(folder.read('child'));
    t.after(() => process.kill(child));
    assert.deepEqual(
      [told.get(subject.pid)?.tag, told.get(subject.pid)?.role, told.get(child)?.root],
      [TAG, 'server', subject.pid],
    );
    assert.deepEqual(readdirSync(pin).sort(), ['inherit', 'members']);
  });

  test('a directory in no BPF file system is said, and the sensor runs without', async (t) => {
    const log = new EventLog();
    const sensor = createSensorCollector({ path: sensorPath, pin: folder.at('plain') });
    t.after(() => sensor.stop());
    await sensor.start(log.sink);
    assert.match(log.of('health')[0]?.detail ?? '', /membership ends with the sensor/);
  });
});
