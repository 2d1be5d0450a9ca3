import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CollectorError } from '../../../../collectors/errors.ts';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import { parseStat } from '../../../../collectors/process/proc.ts';
import { program, sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';

const INSTANT_EXECS = 500;
const folder = mkdtempSync(join(tmpdir(), 'sealwatch-sensor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof CollectorError ? error.code : String(error)),
  );
}

describe('the kernel sensor', { skip }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath });
  let tokens = 0;
  const token = (): string => `sealwatch-test-${process.pid}-${tokens++}-`;

  before(() => sensor.start(log.sink));
  after(() => sensor.stop());

  /** Runs a command to its end, that of all who hold its output included. */
  async function run(command: string, ...args: string[]): Promise<number> {
    const result = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    assert.equal(result.stderr, '');
    await sensor.sync();
    return result.pid;
  }

  async function only(command: string, args: string[], text: string) {
    const pid = await run(command, ...args);
    const event = log.execs(text).find((exec) => exec.pid === pid);
    assert.ok(event, `no exec of pid ${pid}`);
    return event;
  }

  test('says that it is armed', () => {
    assert.equal(log.of('health')[0]?.state, 'ok');
  });

  test('misses none of many instant processes, and loses nothing', async (t) => {
    const text = token();
    await run('sh', '-c', `i=0; while [ $i -lt ${INSTANT_EXECS} ]; do /bin/true ${text}$i; i=$((i+1)); done`);
    const seen = new Set(log.execs(text).flatMap(({ argv }) => argv.slice(1)));
    const missed = Array.from({ length: INSTANT_EXECS }, (_, i) => `${text}${i}`).filter(
      (arg) => !seen.has(arg),
    );
    assert.deepEqual(missed, []);
    assert.deepEqual(log.of('loss'), []);
    t.diagnostic(`${INSTANT_EXECS - missed.length} of ${INSTANT_EXECS} seen, 0 lost`);
  });

  test('gives a shell with its whole command line, its image behind symlinks, and who ran it', async () => {
    const text = token();
    const command = `: ${text} "quoted  blanks" ''`;
    const event = await only('/bin/sh', ['-c', command, '', 'ünï'], text);
    assert.deepEqual(event.argv, ['/bin/sh', '-c', command, '', 'ünï']);
    assert.equal(event.exe, realpathSync('/bin/sh'));
    assert.equal(event.script, null);
    assert.equal(event.cwd, realpathSync(folder));
    assert.equal(event.ppid, process.pid);
    assert.deepEqual([event.uid, event.gid], [process.geteuid?.(), process.getegid?.()]);
    assert.equal(event.truncated, false);
    assert.ok(Math.abs(event.time - Date.now()) < 3_600_000, 'a time of the epoch');
  });

  test('gives both the script and its interpreter', async () => {
    const text = token();
    const path = script('hello.sh', '#!/bin/sh -e\n:\n');
    const event = await only('./hello.sh', [text], text);
    assert.equal(event.exe, realpathSync('/bin/sh'));
    assert.equal(event.script, join(realpathSync(folder), 'hello.sh'));
    assert.deepEqual(event.argv, ['/bin/sh', '-e', './hello.sh', text]);
    assert.equal((await only(path, [text], text)).script, path);
  });

  test('keeps the lineage of a process that detaches by a double fork', async () => {
    const text = token();
    const pid = await run('sh', '-c', `(setsid sh -c '/bin/true ${text}; :' & ) & :`);
    const parents = new Map(log.of('process_fork').map((fork) => [fork.pid, fork.ppid]));
    const exec = log.execs(text).find(({ exe }) => exe === realpathSync('/bin/true'));
    const line: number[] = [];
    for (let at = exec?.pid; at !== undefined && at !== process.pid; at = parents.get(at)) line.push(at);
    assert.equal(line.at(-1), pid);
    assert.ok(line.length >= 4, `a line of ${line.length}`);
  });

  test('tells a fork before the exec of the same process and its exit after it', async () => {
    const text = token();
    const { pid, start } = await only('/bin/true', [text], text);
    const kinds = log.events.filter((e) => 'pid' in e && e.pid === pid && e.start === start);
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ['process_fork', 'process_exec', 'process_exit'],
    );
  });

  test('tells exit codes and deaths by a signal', async () => {
    const exited = await run('sh', '-c', 'exit 3');
    const killed = await run('sh', '-c', 'kill -9 $$');
    const codeFor = (pid: number) => log.of('process_exit').findLast((exit) => exit.pid === pid)?.exit_code;
    assert.equal(codeFor(exited), 3);
    assert.equal(codeFor(killed), 137);
  });

  test('counts starts in the ticks of /proc', async () => {
    const text = token();
    const child = spawn('sh', ['-c', `echo; exec sleep 600 # ${text}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const stat = parseStat(readFileSync(`/proc/${child.pid}/stat`, 'utf8'));
    child.kill();
    await sensor.sync();
    assert.equal(log.execs(text)[0]?.pid, child.pid);
    assert.equal(log.execs(text)[0]?.start, stat?.start);
  });

  test('flags arguments that it had to cut', async () => {
    const text = token();
    const event = await only('/bin/true', [text + 'x'.repeat(100_000)], text);
    assert.equal(event.truncated, true);
    assert.ok(event.argv[1]?.startsWith(text));
  });

  test('tells a program in anonymous memory from one in a file', async () => {
    const text = token();
    const event = await only(program('memfd-exec'), ['/bin/true', text], text);
    const fileless = log.execs(text).at(-1);
    assert.equal(fileless?.pid, event.pid);
    assert.equal(fileless?.exe, '/memfd:payload (deleted)');
  });

  test('keeps pid and start of a process whose thread runs execve, and tells one exit', async () => {
    const text = token();
    const pid = await run(program('thread-exec'), '/bin/true', text);
    const [first, second, ...more] = log.execs(text);
    assert.deepEqual([first?.pid, second?.pid, more.length], [pid, pid, 0]);
    assert.equal(first?.start, second?.start);
    const exits = log.of('process_exit').filter((exit) => exit.pid === pid && exit.start === first?.start);
    assert.equal(exits.length, 1);
  });

  test('is not ended by signals of a terminal, only by its parent', async () => {
    const { pid } = sensor;
    assert.ok(pid);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    await sensor.sync();
    await sensor.stop();
    await sensor.stop();
    assert.throws(() => process.kill(pid, 0));
    assert.deepEqual(
      log.of('health').map(({ collector, state }) => `${collector} ${state}`),
      ['process/ebpf ok', 'file/actor ok'],
    );
  });
});

test('what the ring buffer cannot hold is counted', { skip }, async () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath, ringBytes: 4096 });
  await sensor.start(log.sink);
  spawnSync('/bin/true', ['x'.repeat(6000)]);
  await sensor.sync();
  const loss = await log.wait('loss', ({ stage }) => stage === 'kernel-ring');
  assert.ok(loss.count >= 1);
  await sensor.stop();
});

test('a sensor without the file actor holds CAP_BPF alone once it is armed', { skip }, async (t) => {
  const sensor = createSensorCollector({ path: sensorPath, fileActor: false });
  t.after(() => sensor.stop());
  await sensor.start(() => {});
  const status = readFileSync(`/proc/${sensor.pid}/status`, 'utf8');
  for (const set of ['CapInh', 'CapBnd', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\\t0+$`, 'm'));
  for (const set of ['CapPrm', 'CapEff']) assert.match(status, new RegExp(`^${set}:\\t0+8000000000$`, 'm'));
  assert.match(status, /^NoNewPrivs:\t1$/m);
});

test('a sensor that cannot start says why', async () => {
  const start = (path: string) => createSensorCollector({ path }).start(() => {});
  assert.equal(await codeOf(start(join(folder, 'missing'))), 'COLLECTOR_SENSOR_MISSING');
  const plain = join(folder, 'plain');
  writeFileSync(plain, '');
  assert.equal(await codeOf(start(plain)), 'COLLECTOR_SENSOR_REFUSED');
  const fails = (status: number) => script(`status-${status}`, `#!/bin/sh\necho why >&2\nexit ${status}\n`);
  assert.equal(await codeOf(start(fails(2))), 'COLLECTOR_SENSOR_PROTOCOL');
  assert.equal(await codeOf(start(fails(3))), 'COLLECTOR_SENSOR_REFUSED');
  assert.equal(await codeOf(start(fails(4))), 'COLLECTOR_UNSUPPORTED');
  const talks = script('talks', '#!/bin/sh\necho not a record of any kind\ncat\n');
  assert.equal(await codeOf(start(talks)), 'COLLECTOR_SENSOR_PROTOCOL');
});

test('a sensor without capabilities is refused by the kernel, and says so', { skip }, async () => {
  const text = `#!/bin/sh\nexec setpriv --bounding-set=-all --inh-caps=-all ${sensorPath}\n`;
  const path = script('powerless', text);
  await assert.rejects(
    createSensorCollector({ path }).start(() => {}),
    (error: unknown) =>
      error instanceof CollectorError &&
      error.code === 'COLLECTOR_SENSOR_REFUSED' &&
      error.message.includes('Operation not permitted') &&
      error.hint !== undefined,
  );
});

test('a sensor that is stopped is missed, and welcomed back', { skip }, async (t) => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath, heartbeat: { everyMs: 20, patienceMs: 100 } });
  t.after(() => sensor.stop());
  await sensor.start(log.sink);
  process.kill(sensor.pid ?? 0, 'SIGSTOP');
  const silent = await log.wait('health', ({ state }) => state === 'degraded');
  assert.match(silent.detail, /does not answer/);
  const before = log.of('health').length;
  process.kill(sensor.pid ?? 0, 'SIGCONT');
  await log.wait('health', (event) => log.of('health').indexOf(event) >= before && event.state === 'ok');
});
