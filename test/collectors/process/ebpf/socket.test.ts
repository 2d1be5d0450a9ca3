import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import type { ProcessSocket } from '../../../../wire/index.ts';
import { sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

describe('the kernel sensor, of sockets', { skip }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath });
  before(() => sensor.start(log.sink));
  after(() => sensor.stop());

  /** What a program of Node did with sockets. */
  async function by(program: string): Promise<{ pid: number; sockets: readonly Partial<ProcessSocket>[] }> {
    const { pid } = spawnSync(process.execPath, ['-e', program], { timeout: 20_000 });
    await sensor.sync();
    const own = log.of('process_socket').filter((event) => event.pid === pid);
    return { pid, sockets: own.map(({ action, address, port }) => ({ action, address, port })) };
  }

  const connect = (port: number, host: string) =>
    `require('net').connect(${port}, ${JSON.stringify(host)}).on('error', () => {}).on('connect', () => process.exit())`;

  test('a connection comes with the address that the kernel goes to', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // The caller above blocks this process; the kernel completes the connection by itself.
    const { sockets } = await by(connect(portOf(server), '127.0.0.1'));
    assert.deepEqual(sockets, [{ action: 'connect', address: '127.0.0.1', port: portOf(server) }]);
    const listening = log
      .of('process_socket')
      .find(({ action, port }) => action === 'listen' && port === portOf(server));
    assert.deepEqual([listening?.pid, listening?.address], [process.pid, '127.0.0.1']);
    server.close();
  });

  test('an address of IPv6 is canonical, an IPv4 address in it is the IPv4 address', async () => {
    assert.deepEqual((await by(connect(9, '0:0:0:0:0:0:0:1'))).sockets, [
      { action: 'connect', address: '::1', port: 9 },
    ]);
    assert.deepEqual((await by(connect(9, '::ffff:127.0.0.1'))).sockets, [
      { action: 'connect', address: '127.0.0.1', port: 9 },
    ]);
  });

  test('a connection that is refused or goes nowhere is told all the same', async () => {
    assert.deepEqual((await by(connect(1, '127.0.0.1'))).sockets, [
      { action: 'connect', address: '127.0.0.1', port: 1 },
    ]);
    const { pid } = spawnSync('bash', ['-c', 'exec 3<>/dev/tcp/127.0.0.1/2'], { encoding: 'utf8' });
    await sensor.sync();
    assert.ok(log.of('process_socket').some((event) => event.pid === pid && event.port === 2));
  });

  test('one who listens for everybody is told with the address of everybody', async () => {
    const { sockets } = await by(`require('net').createServer().listen(0, '0.0.0.0', () => process.exit())`);
    assert.deepEqual(
      sockets.map(({ action, address }) => [action, address]),
      [['listen', '0.0.0.0']],
    );
  });
});
