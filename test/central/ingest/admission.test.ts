import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Admission } from '../../../central/ingest/admission.ts';
import { type IngestSettings, ingestSettings } from '../../../central/ingest/settings.ts';
import { Metrics } from '../../../central/metrics.ts';
import { keptLog, until } from '../bench.ts';

/** A gate of plain sockets, whose clock stands until it is moved. */
async function gate(context: TestContext, given: Partial<IngestSettings>) {
  let now = 0;
  const metrics = new Metrics();
  const log = keptLog();
  const admission = new Admission({
    settings: ingestSettings({ hellos_per_second: 100_000, ...given }),
    metrics,
    log,
    monotonic: () => now,
  });
  const started: Socket[] = [];
  const arrived: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    arrived.push(socket);
    admission.admit(socket, (admitted) => {
      started.push(admitted);
      admitted.resume();
    });
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const clients: Socket[] = [];
  context.after(() => {
    admission.stop();
    for (const client of clients) client.destroy();
    for (const socket of arrived) socket.destroy();
    server.close();
  });
  const dial = async (count: number, localAddress = '127.0.0.1') => {
    const before = arrived.length;
    const { port } = server.address() as AddressInfo;
    for (let n = 0; n < count; n += 1) {
      const client = connect({ port, host: '127.0.0.1', localAddress });
      client.on('error', () => undefined);
      clients.push(client);
    }
    await until(() => arrived.length === before + count);
  };
  const advance = (ms: number) => {
    now += ms;
  };
  return { admission, started, arrived, clients, dial, advance, metrics, log };
}

test('only so many are between accept and hello; the rest waits unread, and follows as slots get free', async (context) => {
  const { admission, started, arrived, clients, dial } = await gate(context, { handshakes: 2 });
  await dial(5);
  assert.deepEqual([started.length, admission.load], [2, { queued: 3, running: 2 }]);
  clients.at(-1)?.write('hello');
  assert.equal(arrived.at(-1)?.bytesRead, 0);
  const [first, second] = started;
  assert.ok(first && second);
  admission.settle(first);
  admission.settle(first);
  assert.equal(started.length, 3, 'a slot is given once');
  second.destroy();
  await until(() => started.length === 4);
  assert.deepEqual(admission.load, { queued: 1, running: 2 });
});

test('the pace bounds how many are let in', async (context) => {
  const { admission, started, dial, advance } = await gate(context, {
    hellos_per_second: 4,
    handshakes: 100,
  });
  await dial(4);
  assert.equal(started.length, 1);
  advance(250);
  await until(() => started.length === 2);
  assert.equal(admission.load.queued, 2);
  advance(60_000);
  await until(() => started.length === 3);
  assert.equal(admission.load.queued, 1, 'a quiet minute is no right to a burst');
});

test('an address that floods takes neither all slots nor the turns of others', async (context) => {
  const { admission, started, arrived, dial } = await gate(context, {
    handshakes: 4,
    handshakes_per_address: 2,
  });
  await dial(20, '127.0.0.66');
  assert.equal(started.length, 2);
  await dial(1, '127.0.0.2');
  await dial(1, '127.0.0.3');
  assert.deepEqual(
    started.slice(2).map(({ remoteAddress }) => remoteAddress),
    ['127.0.0.2', '127.0.0.3'],
  );
  await dial(1, '127.0.0.4');
  const flooder = arrived[0];
  assert.ok(flooder);
  admission.settle(flooder);
  admission.settle(started[2] ?? {});
  assert.ok(started.some(({ remoteAddress }) => remoteAddress === '127.0.0.4'));
});

test('when the queue is full a connection is closed at once, and counted', async (context) => {
  const { admission, arrived, clients, dial, metrics, log } = await gate(context, {
    handshakes: 1,
    queue: 3,
    queue_per_address: 2,
  });
  await dial(5);
  assert.deepEqual(admission.load, { queued: 2, running: 1 });
  assert.deepEqual(
    arrived.map(({ destroyed }) => destroyed),
    [false, false, false, true, true],
  );
  await dial(2, '127.0.0.2');
  assert.deepEqual(admission.load, { queued: 3, running: 1 }, 'another address still finds a place');
  await until(() => clients.filter(({ destroyed }) => destroyed).length === 3);
  assert.match(await metrics.text(), /admissions_total\{outcome="turned-away"\} 3/);
  assert.equal(log.lines.length, 1);
});

test('who proves nothing for twice the time of a hello gives its slot back', async (context) => {
  const { started, dial, advance } = await gate(context, { handshakes: 1, hello_timeout_ms: 1_000 });
  await dial(2);
  const [loris] = started;
  advance(2_000);
  await until(() => started.length === 2);
  assert.equal(loris?.destroyed, true);
});

test('who went away while it waited costs nothing but its turn', async (context) => {
  const { admission, started, clients, dial } = await gate(context, { handshakes: 1 });
  await dial(3);
  clients[1]?.destroy();
  admission.settle(started[0] ?? {});
  await until(() => started.length === 3);
});

test('a stop closes what waits and lets nobody in', async (context) => {
  const { admission, arrived, started, dial } = await gate(context, { handshakes: 1 });
  await dial(3);
  admission.stop();
  assert.deepEqual(
    arrived.map(({ destroyed }) => destroyed),
    [false, true, true],
  );
  await dial(1);
  assert.deepEqual([arrived[3]?.destroyed, started.length], [true, 1]);
});
