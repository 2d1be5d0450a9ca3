import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { freePortPair } from '../free-port.ts';
import { sigmaCorpus } from '../rules/shared.ts';
import { allAlerts, Host, type Program, until } from './host.ts';

const PATIENCE = { timeout: 180_000 };
const { dir: RULES, skip: missing } = sigmaCorpus('rules');
const NEEDED = {
  skip:
    missing ||
    (process.getuid?.() === 0 ? false : 'only root may load the sensor, which tells short processes'),
};
/** proc_creation_lnx_base64_decode.yml */
const DECODE = 'e2072cab-8c9a-459b-b63c-40ae79e27031';

/** Runs each line of its stdin, to its end. */
const SERVER = `
const { spawnSync } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...args] = line.split(' ');
  spawnSync(command, args, { stdio: 'ignore' });
});
`;

/** A host with one server, which runs what it is told, and an agent that watches by community rules. */
async function watched(context: TestContext, scope: 'subtrees' | 'host') {
  const host = new Host(context);
  const script = host.write('srv/server.js', SERVER);
  host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
  const port = await freePortPair();
  const central = await host.central(port).ready();
  await host.agent(port, { rules: [RULES], rule_scope: scope }).ready();
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'] });
  context.after(() => child.kill('SIGKILL'));
  return { host, central, tell: (line: string) => child.stdin.write(`${line}\n`) };
}

/** Alerts of the community rule about a command with this mark. */
async function decodes({ url }: Program, mark: string): Promise<readonly Alert[]> {
  const alerts = await allAlerts(url);
  return alerts.filter(
    ({ rule, event }) => rule.id === DECODE && String(event['CommandLine']).includes(mark),
  );
}

test('community rules of the config look at what comes out of MCP servers, and name their authors', {
  ...PATIENCE,
  ...NEEDED,
}, async (context) => {
  const { host, central, tell } = await watched(context, 'subtrees');
  const { rules } = await host.status();
  assert.ok(rules.loaded > 400, `${rules.loaded} rules are loaded`);
  spawnSync('base64', ['-d', '/dev/null', host.at('outside')], { stdio: 'ignore' });
  tell(`base64 -d ${host.at('inside')}`);
  const [alert] = await until('the alert', async () => {
    const found = await decodes(central, host.at('inside'));
    return found.length > 0 && found;
  });
  assert.deepEqual(
    [alert?.rule.title, alert?.rule.author, alert?.rule.license, alert?.rule.level],
    ['Decode Base64 Encoded Text', 'Daniil Yugoslavskiy, oscd.community', null, 'low'],
  );
  assert.deepEqual([alert?.server?.name, alert?.event['mcp.in_subtree']], ['one', true]);
  assert.deepEqual(await decodes(central, host.at('outside')), []);
});

test('with the scope of the whole host they look at everything that starts', {
  ...PATIENCE,
  ...NEEDED,
}, async (context) => {
  const { host, central, tell } = await watched(context, 'host');
  spawnSync('base64', ['-d', host.at('outside')], { stdio: 'ignore' });
  tell(`base64 -d ${host.at('inside')}`);
  const found = async (mark: string) => (await decodes(central, host.at(mark))).length > 0;
  await until('both alerts', async () => (await found('outside')) && (await found('inside')));
  const [outside, ...more] = await decodes(central, host.at('outside'));
  assert.deepEqual(
    [outside?.server, outside?.actor?.in_subtree, outside?.event['mcp.in_subtree'], more.length],
    [null, false, false, 0],
  );
  const [inside] = await decodes(central, host.at('inside'));
  assert.deepEqual([inside?.server?.name, inside?.event['mcp.in_subtree']], ['one', true]);
  const own = (await allAlerts(central.url)).filter(
    ({ rule, event }) =>
      rule.name.startsWith('mcp_') && String(event['CommandLine']).includes(host.at('outside')),
  );
  assert.deepEqual(own, []);
});
