import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as dialTls } from 'node:tls';
import type { Central } from '../../../central/index.ts';
import {
  connect,
  deliver,
  get,
  hello,
  knowCentral,
  Link,
  startCentral,
  until,
  workDirectory,
} from '../bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';

/** Acks that the agent among hostile ones gets. */
const ACKS = 40;
const HOSTILE_ADDRESS = '127.0.0.66';
const HOSTILE = Array.from({ length: 4 }, (_, number) => `bad${number}`.padEnd(16, '0'));

function portOf(central: Central): number {
  return Number(new URL(central.agentUrl).port);
}

/** A plain connection from the hostile address. */
function plain(context: TestContext, central: Central): Socket {
  const socket = dial({ port: portOf(central), host: '127.0.0.1', localAddress: HOSTILE_ADDRESS });
  socket.on('error', () => undefined);
  context.after(() => socket.destroy());
  return socket;
}

type Attack = (context: TestContext, central: Central) => void;

/** Connects as a hostile agent over and over, and does something with each connection. */
function again(agent: string, attack: (link: Link) => void): Attack {
  return (context, central) => {
    let isOver = false;
    context.after(() => {
      isOver = true;
    });
    const run = () => {
      if (isOver) return;
      const link = new Link(central.url, agent, { localAddress: HOSTILE_ADDRESS });
      context.after(() => link.socket.terminate());
      link.socket.on('open', () => {
        link.send(hello(agent));
        attack(link);
      });
      void link.closed.then(() => setTimeout(run, 20));
    };
    run();
  };
}

const [FLOODER = '', GIANT = '', DEAF = '', NONSENSE = ''] = HOSTILE;
const ATTACKS: Readonly<Record<string, Attack>> = {
  'floods tiny frames': again(FLOODER, (link) => {
    for (let count = 0; count < 3_000; count += 1) link.send({ type: 'heartbeat', last_seq: 0 });
  }),
  'sends huge frames': again(GIANT, (link) => link.sendText('x'.repeat(4 * 1024 * 1024 + 1))),
  'never reads': again(DEAF, (link) => {
    link.socket.pause();
    for (let seq = 1; seq <= 100; seq += 1) {
      link.send({ type: 'batch', alerts: [plainAlert(1, {}, DEAF)] });
    }
  }),
  'sends nonsense': again(NONSENSE, (link) => link.sendText('{"type":"batch","alerts":[{}]}')),
  'opens connections and says nothing': (context, central) => {
    for (let count = 0; count < 60; count += 1) plain(context, central);
  },
  'begins handshakes and leaves them': (context, central) => {
    for (let count = 0; count < 20; count += 1) plain(context, central).write(Buffer.from('160301', 'hex'));
  },
  'speaks no TLS': (context, central) => {
    for (let count = 0; count < 20; count += 1) plain(context, central).write('GET / HTTP/1.1\r\n\r\n');
  },
  'goes away without a word': (context, central) => {
    const options = { port: portOf(central), host: '127.0.0.1', rejectUnauthorized: false };
    for (let count = 0; count < 10; count += 1) {
      const socket = dialTls(options, () => socket.destroy());
      socket.on('error', () => undefined);
      context.after(() => socket.destroy());
    }
  },
};

async function besieged(context: TestContext): Promise<Central> {
  const directory = workDirectory(context);
  const central = await startCentral(context, directory, {
    ingest: { handshakes: 8, handshakes_per_address: 6, hello_timeout_ms: 500, frames_per_second: 50 },
  });
  await knowCentral(central.url, central.agentUrl, directory, [AGENT, OTHER_AGENT, ...HOSTILE]);
  return central;
}

/** The agent's alerts go on to be acknowledged; each ack waits for its commit. */
async function isServed(context: TestContext, central: Central): Promise<void> {
  const { link } = await connect(context, central);
  for (let seq = 1; seq <= ACKS; seq += 1) assert.equal(await deliver(link, [plainAlert(seq)]), seq);
}

for (const [what, attack] of Object.entries(ATTACKS)) {
  test(`an agent is served while another ${what}`, { timeout: 180_000 }, async (context) => {
    const central = await besieged(context);
    attack(context, central);
    await isServed(context, central);
  });
}

test('an agent is served while all of them do their worst', { timeout: 180_000 }, async (context) => {
  const central = await besieged(context);
  for (const attack of Object.values(ATTACKS)) attack(context, central);
  await isServed(context, central);
  const { body } = await get(central, '/api/v1/alerts?limit=1000');
  const ids = new Set(body.alerts.map(({ id }: { id: string }) => id));
  for (let seq = 1; seq <= ACKS; seq += 1) assert.ok(ids.has(`${AGENT}-${seq}`));
});

test('who proves nothing loses its connection, so that none is held for ever', {
  timeout: 180_000,
}, async (context) => {
  const central = await besieged(context);
  const silent = Array.from({ length: 30 }, () => plain(context, central));
  await Promise.all(silent.map(async (socket) => socket.closed || (await once(socket.resume(), 'close'))));
  await until(async () => /outcome="unproven"/.test((await get(central, '/metrics')).body));
});

test('a central without room says when to come again', async (context) => {
  const central = await startCentral(context, workDirectory(context), { ingest: { max_connections: 1 } });
  await connect(context, central);
  const link = new Link(central.url, OTHER_AGENT);
  const answered = once(link.socket, 'unexpected-response');
  const [, response] = await answered;
  link.socket.terminate();
  assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '30']);
});
