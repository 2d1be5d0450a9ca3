import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CollectorError } from '../../../../collectors/errors.ts';
import { optionsCommand } from '../../../../collectors/process/ebpf/commands.ts';
import { SensorDecoder, type SensorMessage } from '../../../../collectors/process/ebpf/decode.ts';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import { startOf } from '../../../../collectors/process/proc.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';
import { Subject, trackedAs } from './subject.ts';

const TAG = '00000000000000ab';
const ACTIVATOR = 'systemd-socket-activate';
const hasActivator = spawnSync(ACTIVATOR, ['--version']).status === 0;

/** A sensor that systemd's own activator starts when somebody connects. */
class Service extends TempDirectory {
  readonly socket = this.at('sensor.sock');
  readonly #process: ChildProcess;

  private constructor() {
    super();
    this.#process = spawn(ACTIVATOR, [`--listen=${this.socket}`, sensorPath, '--serve'], {
      stdio: 'ignore',
    });
  }

  static async start(): Promise<Service> {
    const service = new Service();
    while (!isListening(service.socket)) await sleep(10);
    return service;
  }

  /** Exit status once it has ended; null where a signal did. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit');
    return this.#process.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  override [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
    super[Symbol.dispose]();
  }
}

/** Whether somebody listens: to try it would start the sensor. unix_seq_show() in net/unix/af_unix.c; the flag is __SO_ACCEPTCON. */
function isListening(path: string): boolean {
  const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return sockets.some((line) => line.endsWith(` ${path}`) && line.includes(' 00010000 '));
}

/** What a sensor answers to bytes until it closes the connection. */
async function answersTo(path: string, bytes: Buffer): Promise<readonly SensorMessage[]> {
  const socket = connect(path);
  socket.write(bytes);
  const decoder = new SensorDecoder();
  const messages: SensorMessage[] = [];
  socket.on('data', (chunk: Buffer) => messages.push(...decoder.push(chunk)));
  await once(socket, 'close');
  return messages;
}

describe('a kernel sensor that is a service', { skip: skip || (!hasActivator && `no ${ACTIVATOR}`) }, () => {
  test('tells of processes over its socket, as a child does, and ends with the connection', async () => {
    using service = await Service.start();
    const log = new EventLog();
    const sensor = createSensorCollector({ path: service.socket, ringBytes: 65_536 });
    await sensor.start(log.sink);
    const { pid } = spawnSync('/bin/echo', ['over-the-socket']);
    await sensor.sync();
    assert.deepEqual(
      log.execs('over-the-socket').map((exec) => exec.pid),
      [pid],
    );
    assert.match(String(log.of('health')[0]?.detail), /ring buffer of 65536 bytes/);
    await sensor.stop();
    assert.equal(await service.ended(), 0);
  });

  test('ends members for its parent, and nobody else', async () => {
    using service = await Service.start();
    const log = new EventLog();
    const sensor = createSensorCollector({ path: service.socket });
    await sensor.start(log.sink);
    const [member, other, twice] = [new Subject(), new Subject(), new Subject()];
    try {
      sensor.track([trackedAs(member, TAG, 'server'), trackedAs(twice, TAG, 'server')]);
      assert.ok(sensor.end(other.pid, startOf(other.pid) ?? 0));
      // As if the pid had another owner by now.
      assert.ok(sensor.end(twice.pid, 1));
      assert.ok(sensor.end(member.pid, startOf(member.pid) ?? 0));
      await sensor.sync();
      assert.equal(await member.ended, 'SIGKILL');
      assert.deepEqual([startOf(other.pid) !== null, startOf(twice.pid) !== null], [true, true]);
      const told = log.of('health').map(({ detail }) => detail);
      assert.deepEqual(
        told.filter((detail) => detail.includes('could not be ended')),
        [`process ${other.pid} could not be ended: EPERM`],
      );
    } finally {
      for (const subject of [member, other, twice]) subject.end();
      await sensor.stop();
    }
  });

  test('that is killed is told as a failure', async () => {
    using service = await Service.start();
    const failed = Promise.withResolvers<CollectorError>();
    const sensor = createSensorCollector({ path: service.socket, onFailure: failed.resolve });
    await sensor.start(() => {});
    service.kill('SIGKILL');
    const error = await failed.promise;
    assert.deepEqual(
      [error.code, error.message],
      ['COLLECTOR_SENSOR_REFUSED', 'the kernel sensor ended its connection'],
    );
  });

  test('ends at SIGTERM while it watches', async () => {
    using service = await Service.start();
    const sensor = createSensorCollector({ path: service.socket });
    await sensor.start(() => {});
    service.kill('SIGTERM');
    assert.equal(await service.ended(), 0);
  });

  for (const words of [
    ['--pin', '/sys/fs/bpf/elsewhere'],
    ['--verbose'],
    ['--serve'],
    ['--ring-bytes', '5000'],
  ]) {
    test(`takes no ${words.join(' ')} from its parent`, async () => {
      using service = await Service.start();
      const [failed, ...more] = await answersTo(service.socket, optionsCommand(words));
      assert.ok(failed?.kind === 'failed' && more.length === 0);
      assert.equal(failed.code, 2);
      assert.equal(await service.ended(), 2);
    });
  }

  test('refuses a first record that is none of options, however long it says to be', async () => {
    for (const length of [0, 7, 64, 0xff_ff_ff_ff]) {
      using service = await Service.start();
      const bytes = optionsCommand([]);
      bytes.writeUInt32LE(length, 0);
      bytes.writeUInt16LE(64, 6);
      const [failed] = await answersTo(service.socket, bytes);
      assert.ok(failed?.kind === 'failed' && failed.code === 2, `length ${length}`);
    }
  });

  test('that has gone is told as such, with a hint', async () => {
    using service = await Service.start();
    const sensor = createSensorCollector({ path: service.socket, ringBytes: 65_536, fileActor: false });
    // Nothing to connect to any more: the way in alone is left.
    service.kill('SIGKILL');
    await service.ended();
    await assert.rejects(
      sensor.start(() => {}),
      (error) =>
        error instanceof CollectorError && /nobody can be reached at .*ECONNREFUSED/.test(error.message),
    );
  });
});
