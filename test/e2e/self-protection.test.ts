import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { releaseKeyPair } from '../agent/protection/installation.ts';
import { freePortPair } from '../free-port.ts';
import { allAlerts, Host, PATIENCE_MS, type Program, until } from './host.ts';
import { PackagedCopy } from './packaged-copy.ts';

const key = releaseKeyPair();
/** Milliseconds that an upgrade may take: an agent starts again within. */
const FOLD_MS = 30_000;

/** A central, and a host whose agent came with a package. */
async function fleet(context: TestContext) {
  const copy = new PackagedCopy(context);
  await copy.sign('0.1.0', key);
  const host = new Host(context, null, copy.main);
  host.writeConfig('.cursor/mcp.json', {});
  const port = await freePortPair();
  const central = await host.central(port, { silence: { fold_ms: FOLD_MS } }).ready();
  const stopping = join(host.directory, 'stopping');
  const start = async () => {
    const agent = await host.agent(port, { stopping_file: stopping }).ready();
    await until('a connected agent', async () => (await host.status()).central.connected);
    return agent;
  };
  return { copy, host, central, stopping, start };
}

async function integrity(host: Host, state: string): Promise<string> {
  return await until(`integrity ${state}`, async () => {
    const found = (await host.status()).collectors.find(({ name }) => name === 'integrity');
    return found?.state === state ? found.detail : null;
  });
}

/** The newest alert of this name at central, once there are so many. */
async function told(central: Program, name: string, count: number): Promise<Alert> {
  return await until(
    () => `${count} of ${name}; central said:\n${central.words.join('\n')}`,
    async () => {
      const alerts = (await allAlerts(central.url)).filter(({ rule }) => rule.name === name);
      return alerts.length >= count ? alerts.at(-1) : null;
    },
    PATIENCE_MS + FOLD_MS,
  );
}

test('an installation that is changed under a running agent is told with its file, an upgrade as what it is', async (context) => {
  const { copy, host, central, start } = await fleet(context);
  await start();
  assert.match(await integrity(host, 'ok'), /^sealwatch-agent 0\.1\.0: \d+ files/);
  spawnSync('/bin/sh', ['-c', 'echo "# evil" >> "$1"; sleep 1', 'sh', copy.at('bin', 'sealwatch')]);
  const tampered = await told(central, 'agent_tampered', 1);
  assert.deepEqual(tampered.event['agent.files'], ['bin/sealwatch changed']);
  assert.equal(tampered.rule.level, 'critical');
  const { collectors } = await host.status();
  if (collectors.some(({ name, state }) => name === 'file/actor' && state === 'ok'))
    assert.match(tampered.actor?.cmdline ?? '', /evil/);
  else context.diagnostic('nobody tells here who writes files');
  assert.equal(await integrity(host, 'failed'), 'bin/sealwatch changed');
  await copy.sign('0.2.0', key);
  const upgraded = await told(central, 'agent_upgraded', 1);
  assert.deepEqual(
    [upgraded.event['agent.version_before'], upgraded.event['agent.version'], upgraded.rule.level],
    ['0.1.0', '0.2.0', 'informational'],
  );
  await integrity(host, 'ok');
  appendFileSync(host.agentConfig(), '\n');
  const config = await told(central, 'agent_settings_changed', 1);
  assert.equal(config.event['agent.part'], 'config');
});

const asRoot = process.getuid?.() === 0 ? false : 'only root may say why the agent stops';

test('a stop, an upgrade and an uninstall are told apart at central', { skip: asRoot }, async (context) => {
  const { central, stopping, start } = await fleet(context);
  const stopFor = async (word: string | null) => {
    const agent = await start();
    mkdirSync(join(stopping, '..'), { recursive: true });
    writeFileSync(stopping, word ?? '', { mode: 0o644 });
    assert.equal((await agent.stop()).code, 0);
  };
  await stopFor(null);
  assert.equal((await told(central, 'agent_stopped', 1)).event['agent.stop_reason'], 'stop');
  await stopFor('upgrade');
  await stopFor('uninstall');
  assert.equal((await told(central, 'agent_stopped', 2)).event['agent.stop_reason'], 'uninstall');
  await stopFor('upgrade');
  const late = await told(central, 'agent_stopped', 3);
  assert.equal(late.event['agent.stop_reason'], 'upgrade', 'it did not come back');
  assert.equal(late.rule.level, 'low');
});
