import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { policyBundlePath } from '../../approval/index.ts';
import { HOST_FACTS_FILE } from '../../wire/index.ts';
import { freePortPair } from '../free-port.ts';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 180_000 };

/** A central and an agent that trust the operator's key; answers what rolls a signed file out to the agent. */
async function fleet(context: TestContext) {
  const host = new Host(context);
  host.writeConfig('.cursor/mcp.json', { one: { command: 'true' } });
  await host.sealwatch('key', 'create');
  const port = await freePortPair();
  const trust = join(host.stateDir, 'trust');
  const central = await host.central(port, { bundles: { trust_dir: trust, look_ms: 200 } }).ready();
  const token = join(host.directory, 'admin.token');
  const config = join(host.directory, 'central.yml');
  const make = ['--config', config, '--role', 'admin', '--name', 'root', '--out', token];
  await host.run('central', 'api-token', 'create', ...make);
  await host.agent(port, { sensor: 'off' }).ready();
  const api = async (...words: string[]) => {
    const ended = await host.run('central', ...words, '--url', central.url, '--token-file', token);
    assert.equal(ended.code, 0, ended.stderr);
    return ended.stdout;
  };
  const rollOut = async (kind: 'config' | 'policy', text: string) => {
    const signed = await host.sealwatch('bundle', kind, host.write(`${kind}.yml`, text), '--serial', '1');
    await api('bundle', 'add', host.write(`${kind}.json`, signed));
    await api('rollout', 'start', kind, '1', '--canary', '0');
    return await until(`the answer about ${kind}`, async () => {
      const { rollouts } = JSON.parse(await api('rollout', 'status', '--json'));
      const found = rollouts.find((one: { kind: string; state: string }) => one.kind === kind);
      return found?.state === 'done' ? found.hosts : null;
    });
  };
  return { host, rollOut };
}

test('a config of central tightens a running agent, and what starts after it', PATIENCE, async (context) => {
  const { host, rollOut } = await fleet(context);
  assert.equal((await host.status()).profile, 'developer');
  assert.deepEqual(await rollOut('config', 'profile: production\n'), { applied: 1, refused: 0 });
  assert.equal((await host.status()).profile, 'production');
  const facts = JSON.parse(readFileSync(join(host.stateDir, HOST_FACTS_FILE), 'utf8'));
  assert.equal(facts.profile, 'production', 'what guards go by');
});

test('a policy of central reaches the host that is to hold its servers to it', PATIENCE, async (context) => {
  const { host, rollOut } = await fleet(context);
  assert.equal(existsSync(policyBundlePath(host.stateDir)), false);
  assert.deepEqual(await rollOut('policy', 'shells: true\n'), { applied: 1, refused: 0 });
  assert.equal(existsSync(policyBundlePath(host.stateDir)), true);
});
