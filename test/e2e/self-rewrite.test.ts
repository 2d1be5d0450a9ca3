import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 120_000 };
const ROOT =
  process.getuid?.() === 0 ? {} : { skip: 'only root may load the sensor, which tells who writes' };

/** A server that runs each line of its stdin as a shell command and says so when it is done. */
const SERVER = `
const { execSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, path, text] = line.split('|');
  if (verb === 'write') appendFileSync(path, text + '\\n');
  else execSync(path);
  console.log('done');
});
`;

class Server {
  readonly child: ChildProcess;
  #done = 0;

  constructor(context: TestContext, script: string) {
    this.child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.child.stdout?.on('data', (text: Buffer) => {
      this.#done += String(text).split('done').length - 1;
    });
    context.after(() => this.child.kill('SIGKILL'));
  }

  async does(line: string): Promise<void> {
    const before = this.#done;
    this.child.stdin?.write(`${line}\n`);
    await until(line, () => this.#done > before);
  }
}

async function approvedHost(context: TestContext) {
  const host = new Host(context);
  const helper = host.write('srv/lib/run.sh', 'echo safe\n');
  const script = host.write('srv/server.js', `${SERVER}\n// ./lib/run.sh`);
  host.write('srv/data.txt', 'x');
  const config = host.writeConfig('.cursor/mcp.json', {
    one: { command: process.execPath, args: [script] },
    two: { command: 'sh', args: [helper] },
  });
  await host.approve('cursor/one', 'cursor/two');
  const daemon = await host.up().ready();
  await until('approved', async () => (await host.status()).servers.approved === 2);
  return { host, helper, script, config, daemon };
}

test('a server that rewrites its own script is named with its process, in the alert and by show', {
  ...PATIENCE,
  ...ROOT,
}, async (context) => {
  const { host, script, daemon } = await approvedHost(context);
  const server = new Server(context, script);
  await server.does(`write|${host.at('srv/data.txt')}|nothing of weight`);
  await server.does(`write|${script}|// evil`);
  const alert = await daemon.alert('mcp_self_rewrite');
  assert.equal(alert.rule.level, 'critical');
  assert.deepEqual(
    [alert.event['TargetFilename'], alert.actor?.pid, alert.actor?.in_subtree, alert.server?.name],
    [script, server.child.pid, true, 'one'],
  );
  assert.match(alert.actor?.exe ?? '', /\/node$/);
  const shown = JSON.parse(await host.sealwatch('show', 'cursor/one', '--home', host.home, '--json'));
  assert.equal(
    shown.reason,
    `script ${script} changed less than a minute ago, written by node (pid ${server.child.pid}) of this very server`,
  );
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});

test('another server that adds an entry is an unexpected writer, an editor is not', {
  ...PATIENCE,
  ...ROOT,
}, async (context) => {
  const { host, script, config, daemon } = await approvedHost(context);
  const entries = JSON.parse(readFileSync(config, 'utf8')).mcpServers;
  host.writeConfig('.cursor/mcp.json', { ...entries, three: { command: 'true', args: [] } });
  const added = await daemon.alert('mcp_server_added', ({ server }) => server?.name === 'three');
  assert.deepEqual([added.actor?.pid, added.actor?.in_subtree], [process.pid, false]);
  const server = new Server(context, script);
  const text = JSON.stringify({ mcpServers: { ...entries, four: { command: 'true', args: [] } } });
  const other = host.write('next.json', text);
  await server.does(`run|mv ${other} ${config}`);
  const alert = await daemon.alert(
    'mcp_config_unexpected_writer',
    ({ event }) => event['mcp.change'] === 'server_added',
  );
  assert.deepEqual([alert.server?.name, alert.actor?.in_subtree], ['four', true]);
  assert.match(alert.actor?.exe ?? '', /\/mv$/);
  assert.ok(
    alert.ancestry.some(({ pid }) => pid === server.child.pid),
    JSON.stringify(alert.ancestry),
  );
  const aboutThree = daemon
    .named('mcp_config_unexpected_writer')
    .filter(({ server: concerned }) => concerned?.name === 'three')
    .map(({ event }) => event['mcp.change']);
  assert.ok(!aboutThree.includes('server_added'), 'nothing speaks against the one who added it by hand');
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});
