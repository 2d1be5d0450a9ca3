// A share of the fleet of bench:central, in a process of its own: real mTLS WebSockets, told over IPC what to do.
import { generateKeyPairSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { WebSocket } from 'ws';
import { Reconnection } from '../../agent/uplink/reconnection.ts';
import { Authority } from '../../central/identity/authority.ts';

const HOUR_MS = 3_600_000;
const HEARTBEAT_MS = 10_000;
/** Connections that one process opens at the same time. */
const AT_ONCE = 24;
const MACHINE = 'ab'.repeat(32);
/** What an alert carries, so that its JSON is about 1 KB, as alerts of processes are. */
const EVENT = JSON.stringify({
  Image: '/usr/bin/bash',
  CommandLine: `bash -c ${'x'.repeat(220)}`,
  ParentImage: '/usr/bin/node',
  'mcp.server': 'files',
  'mcp.client': 'claude-code',
  'mcp.state': 'approved',
});

function alertText(agent, seq) {
  const time = new Date().toISOString();
  return `{"id":"${agent}-${seq}","seq":${seq},"time":"${time}","host":"bench","user":"alice","rule":{"id":"5f6f4c0e-3b0f-4b0a-9a52-0f7f5d0f8e01","name":"mcp_shell_spawn","title":"MCP server spawned a shell","level":"high","tags":["attack.execution","attack.t1059.004"],"author":"Sealwatch","license":"Apache-2.0"},"server":{"id":"s-1","client":"claude-code","name":"files","state":"approved"},"event":${EVENT},"actor":{"pid":4242,"exe":"/usr/bin/bash","cmdline":"bash -i","in_subtree":true},"ancestry":[{"pid":4242,"start":990,"exe":"/usr/bin/bash","cmdline":"bash -i","user":"alice"}],"change":null,"count":1}`;
}

/** One agent: connects, says hello, and comes back by the rules of the real one. */
class BenchAgent {
  socket = null;
  isWelcomed = false;
  sent = 0;
  onAck = () => {};
  onWelcome = () => {};
  #tls;
  #address;
  #generation = null;
  #reconnection = new Reconnection(Math.random);
  #url = '';
  #comesBack = false;

  constructor(id, tls, address) {
    this.id = id;
    this.#tls = tls;
    this.#address = address;
  }

  async open(url, comesBack = false) {
    this.#url = url;
    this.#comesBack = comesBack;
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if (await this.#connect()) return;
      await sleep(200);
    }
    throw new Error(`${this.id} cannot connect`);
  }

  #connect() {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${this.#url}/v1/agent`, 'sealwatch.v1', {
        secureContext: this.#tls,
        localAddress: this.#address,
        perMessageDeflate: false,
      });
      this.socket = socket;
      socket.on('open', () => socket.send(this.#hello()));
      socket.on('message', (data) => this.#receive(JSON.parse(String(data)), resolve));
      socket.on('error', () => {});
      socket.on('close', (code) => {
        const was = this.isWelcomed;
        this.isWelcomed = false;
        resolve(false);
        if (this.#comesBack) setTimeout(() => this.#connect(), this.#reconnection.next(code, was));
      });
    });
  }

  #hello() {
    const agent = { id: this.id, version: '0.0.0', host: `host-${this.id}`, os: 'Debian 12' };
    const rest = { last_seq: this.sent, generation: this.#generation, machine: MACHINE, bundles: [] };
    return JSON.stringify({ type: 'hello', protocol: 1, agent, ...rest });
  }

  #receive(frame, resolve) {
    if (frame.type === 'ack') this.onAck(frame.seq);
    if (frame.type !== 'welcome') return;
    this.#generation = frame.generation ?? this.#generation;
    this.#reconnection.welcomed(frame.reconnect_ms ?? 0);
    this.sent = frame.acked_seq;
    this.isWelcomed = true;
    this.beat();
    this.onWelcome();
    resolve(true);
  }

  beat() {
    if (this.isWelcomed)
      this.socket.send(`{"type":"heartbeat","last_seq":${this.sent},"waiting":0,"health":[]}`);
  }

  batch(count) {
    const after = this.sent;
    const alerts = Array.from({ length: count }, (_, index) => alertText(this.id, after + index + 1));
    this.sent += count;
    this.socket.send(`{"type":"batch","after":${after},"alerts":[${alerts.join(',')}]}`);
    return this.sent;
  }

  end() {
    this.#comesBack = false;
    this.socket?.terminate();
  }
}

const agents = [];
let beats = null;

/** Gives certificates to the agents of this process, all with one key. */
async function enrol({ directory, first, count, addresses }) {
  const authority = await Authority.open({ directory, trustDomain: undefined, clock: Date.now });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  for (let index = 0; index < count; index += 1) {
    const id = (first + index).toString(16).padStart(16, '0');
    const { certificate: cert } = await authority.issueAgent(id, spki, HOUR_MS);
    const tls = createSecureContext({ ca: authority.certificate, cert, key, minVersion: 'TLSv1.3' });
    agents.push(new BenchAgent(id, tls, addresses[index % addresses.length]));
  }
}

async function open({ url, comesBack, count = agents.length }) {
  const start = performance.now();
  const rest = agents.slice(0, count).values();
  const worker = async () => {
    for (const agent of rest) await agent.open(url, comesBack);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  beats ??= setInterval(() => {
    for (const agent of agents) agent.beat();
  }, HEARTBEAT_MS);
  return { ms: performance.now() - start };
}

/** Sends batches for some seconds; answers the milliseconds from each to its ack, and how many alerts were acknowledged. */
async function stream({ seconds, perSecond, batch, inFlight, count }) {
  const times = [];
  let alerts = 0;
  let isOver = false;
  const senders = agents.slice(0, count);
  const gapMs = perSecond === 0 ? 0 : (1_000 * batch * senders.length) / perSecond;
  await Promise.all(
    senders.map(async (agent, index) => {
      const sentAt = new Map();
      let wake = () => {};
      agent.onAck = (seq) => {
        const at = sentAt.get(seq);
        if (at === undefined) return;
        sentAt.delete(seq);
        times.push(performance.now() - at);
        if (!isOver) alerts += batch;
        wake();
      };
      const start = performance.now() + (gapMs * index) / senders.length;
      const end = performance.now() + seconds * 1_000;
      for (let n = 0; performance.now() < end; n += 1) {
        const due = start + n * gapMs;
        if (due > performance.now()) await sleep(due - performance.now());
        while (sentAt.size >= inFlight && performance.now() < end + 20_000)
          await new Promise((resolve) => {
            wake = resolve;
          });
        // What had to wait for its turn is late by so much: the time counts from when it was due.
        sentAt.set(agent.batch(batch), gapMs === 0 ? performance.now() : due);
      }
      isOver = true;
      while (sentAt.size > 0)
        await new Promise((resolve) => {
          wake = resolve;
        });
    }),
  );
  return { alerts, times: Array.from(Float32Array.from(times).sort()) };
}

/** Waits until every agent is welcomed once more. */
function returned() {
  return new Promise((resolve) => {
    const missing = new Set(agents.filter((agent) => !agent.isWelcomed));
    if (missing.size === 0) resolve({ at: Date.now() });
    for (const agent of missing) {
      agent.onWelcome = () => {
        missing.delete(agent);
        if (missing.size === 0) resolve({ at: Date.now() });
      };
    }
  });
}

function close() {
  clearInterval(beats);
  beats = null;
  for (const agent of agents) agent.end();
}

const DEEDS = { enrol, open, stream, returned, close };
process.on('message', async ({ deed, ...wish }) => {
  try {
    process.send({ answer: (await DEEDS[deed](wish)) ?? null });
  } catch (error) {
    process.send({ fault: String(error) });
  }
});
process.on('disconnect', () => process.exit());
