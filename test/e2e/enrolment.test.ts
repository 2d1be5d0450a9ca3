import assert from 'node:assert/strict';
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { freePortPair } from '../free-port.ts';
import { allAlerts, Host, type Program, until } from './host.ts';

interface Fleet {
  readonly host: Host;
  readonly port: number;
  readonly central: Program;
}

async function fleet(context: TestContext): Promise<Fleet> {
  const host = new Host(context);
  host.writeConfig('.cursor/mcp.json', {});
  const port = await freePortPair();
  const central = await host.central(port).ready();
  return { host, port, central };
}

const settings = { sensor: 'off' };

/** Adds a server to the config; the agent tells of it by this name. */
function addServer(host: Host, ...names: string[]): void {
  host.writeConfig('.cursor/mcp.json', Object.fromEntries(names.map((name) => [name, { command: 'true' }])));
}

function isAbout(alert: Alert, server: string): boolean {
  return alert.rule.name === 'mcp_server_added' && alert.server?.name === server;
}

/** Waits until central holds the alert about a server, from an agent where one is named. */
async function told(central: Program, server: string, agent = ''): Promise<readonly Alert[]> {
  return await until(
    () => `an alert about ${server}; central said:\n${central.words.join('\n')}`,
    async () => {
      const alerts = await allAlerts(central.url);
      return alerts.some((alert) => isAbout(alert, server) && alert.id.startsWith(agent)) ? alerts : null;
    },
  );
}

async function connected(host: Host, stateDir = host.stateDir): Promise<string> {
  return await until('a connected agent', async () => {
    const { central, agent } = await host.status(stateDir);
    return central.connected ? agent : null;
  });
}

test('an agent that has no token yet watches, waits, and enrols when the token comes', async (context) => {
  const { host, port, central } = await fleet(context);
  renameSync(host.tokenFile, `${host.tokenFile}.kept`);
  const agent = await host.agent(port, settings).ready();
  const waiting = (await host.status()).central;
  assert.deepEqual([waiting.connected, waiting.enrolment.state], [false, 'waiting']);
  addServer(host, 'one');
  await until('an alert in the spool', async () => (await host.status()).central.waiting > 0);
  renameSync(`${host.tokenFile}.kept`, host.tokenFile);
  await told(central, 'one');
  const { enrolment } = (await host.status()).central;
  assert.equal(enrolment.state, 'enrolled');
  rmSync(host.tokenFile);
  await agent.stop();
  await host.agent(port, settings).ready();
  await connected(host);
});

test('of two copies of a state directory one keeps the identity; the other takes a new one and loses nothing', async (context) => {
  const { host, port, central } = await fleet(context);
  const first = await host.agent(port, settings).ready();
  const id = await connected(host);
  addServer(host, 'one');
  await told(central, 'one', id);
  await first.stop();
  const copy = join(host.directory, 'copy');
  cpSync(host.stateDir, copy, { recursive: true });
  await host.agent(port, settings).ready();
  await connected(host);
  const clone = await host.agent(port, settings, copy).ready();
  await clone.said((line) => line.includes('another machine works under the identity'), 'word of the clone');
  addServer(host, 'one', 'two');
  const now = await connected(host, copy);
  assert.notEqual(now, id);
  await told(central, 'two', now);
  await told(central, 'two', id);
  assert.equal(await connected(host), id, 'the first goes on');
});

test('a state directory that was restored from a backup goes on under new numbers and loses nothing', async (context) => {
  const { host, port, central } = await fleet(context);
  const first = await host.agent(port, settings).ready();
  const id = await connected(host);
  addServer(host, 'one');
  await told(central, 'one');
  await first.stop();
  const backup = join(host.directory, 'backup');
  for (const name of ['agent.db', 'enrolment'])
    cpSync(join(host.stateDir, name), join(backup, name), { recursive: true });
  const second = await host.agent(port, settings).ready();
  addServer(host, 'one', 'two');
  await told(central, 'two');
  await second.stop();
  const before = (await allAlerts(central.url)).map((alert) => alert.id);
  for (const name of ['agent.db', 'agent.db-wal', 'agent.db-shm'])
    rmSync(join(host.stateDir, name), { force: true });
  cpSync(backup, host.stateDir, { recursive: true });
  // More than the second run told of, so that only the generation says that these numbers are taken.
  addServer(host, 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight');
  await host.agent(port, settings).ready();
  for (const server of ['three', 'four', 'five', 'six', 'seven']) await told(central, server, id);
  const after = (await told(central, 'eight', id)).map((alert) => alert.id);
  assert.deepEqual(after.slice(0, before.length), before);
  assert.equal(new Set(after).size, after.length);
  const metrics = await (await central.get('/metrics')).text();
  assert.match(metrics, /alerts_conflicting_total 0/);
  assert.equal(await connected(host), id);
});
