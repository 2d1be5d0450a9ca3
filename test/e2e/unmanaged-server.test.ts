import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skip } from '../collectors/process/built-sensor.ts';
import { haveProgram } from '../debian-package.ts';
import { Host, type Program, until } from './host.ts';
import { startClient } from './stand-in-client.ts';

const PATIENCE = { timeout: 120_000, skip };
const EVERYTHING = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);
/** Loaded into the server: runs a shell whenever it is asked to by a file. */
const HOOK = `
const fs = require('node:fs');
setInterval(() => {
  try {
    fs.unlinkSync(__dirname + '/go');
  } catch {
    return;
  }
  require('node:child_process').exec('echo spawned; sleep 3');
}, 50).unref();
`;
/** A server by its name only. */
const NAMED = "process.stdin.resume(); process.stdin.on('end', () => process.exit());";

const unmanaged = (daemon: Program) => daemon.named('mcp_unmanaged_server').map(({ server }) => server?.name);

/** Starts an unmanaged server and waits until it is told: whatever was started before is judged by then. */
async function everythingBeforeIsJudged(host: Host, client: ReturnType<typeof startClient>, daemon: Program) {
  client.run([process.execPath, host.write('last-mcp-server.js', NAMED)]);
  await daemon.alert('mcp_unmanaged_server', ({ server }) => server?.name === 'last-mcp-server');
}

test(
  'a server of no config that a client talks to is told once, followed like any other, also by the next agent',
  PATIENCE,
  async (context) => {
    const host = new Host(context);
    const daemon = await host.up().ready();
    const client = startClient(context, host, 'claude');
    const hook = host.write('hook.cjs', HOOK);
    client.run([process.execPath, EVERYTHING, 'stdio'], { NODE_OPTIONS: `--require ${hook}` });

    const told = await daemon.alert('mcp_unmanaged_server');
    assert.deepEqual(
      [told.server?.client, told.server?.name, told.server?.state, told.rule.level],
      ['claude-code', 'server-everything', 'pending', 'medium'],
    );
    assert.deepEqual(told.event['mcp.evidence'], [
      'name:@modelcontextprotocol/server-everything',
      'import:@modelcontextprotocol/sdk/server/stdio.js',
      'dependency:@modelcontextprotocol/sdk',
    ]);
    assert.match(told.ancestry[0]?.cmdline ?? '', /bin\/claude$/);
    const askForShell = (program: Program) =>
      until('the shell of the server', () => {
        writeFileSync(host.at('go'), '');
        return program.named('mcp_shell_spawn')[0];
      });
    const shell = await askForShell(daemon);
    assert.deepEqual([shell.server?.id, shell.ancestry[0]?.pid], [told.server?.id, told.actor?.pid]);
    assert.deepEqual(unmanaged(daemon), ['server-everything']);
    assert.equal((await daemon.stop()).code, 0);

    const next = await host.up().ready();
    assert.equal((await askForShell(next)).server?.id, told.server?.id);
    await everythingBeforeIsJudged(host, client, next);
    assert.deepEqual(unmanaged(next), ['last-mcp-server']);
  },
);

test(
  'tools, language servers and shells that a client starts over pipes are not told',
  PATIENCE,
  async (context) => {
    assert.ok(haveProgram('git', 'git'));
    const host = new Host(context);
    const daemon = await host.up().ready();
    const client = startClient(context, host, 'claude');
    const repository = host.makeDirectory(host.at('mcp-server'));
    spawn('git', ['init', '-q', repository]);
    const benign = [
      ['git', '-C', repository, 'cat-file', '--batch'],
      ['grep', '--line-buffered', 'mcp-server'],
      [process.execPath, host.write('language-server.js', NAMED), '--stdio', '--workspace=/srv/mcp'],
      ['bash', '-c', 'sleep 3'],
      ['bash', '-c', 'sleep 3; echo mcp'],
      ['npx', '--version'],
      ['tail', '-f', host.write('mcp.log', '')],
      ['cat'],
    ];
    for (const words of benign) client.run(words);
    await everythingBeforeIsJudged(host, client, daemon);
    assert.deepEqual(unmanaged(daemon), ['last-mcp-server']);
  },
);

test(
  'a server that a config asks for is not told, also one that is added as it starts',
  PATIENCE,
  async (context) => {
    const host = new Host(context);
    const configured = host.write('configured-mcp.js', NAMED);
    const raced = host.write('raced-mcp.js', NAMED);
    const entry = (script: string) => ({ command: process.execPath, args: [script] });
    host.writeConfig('.claude.json', { configured: entry(configured) });
    const daemon = await host.up().ready();
    const client = startClient(context, host, 'claude');
    client.run([process.execPath, configured]);
    await daemon.alert('mcp_unapproved_server_started', ({ server }) => server?.name === 'configured');

    client.run([process.execPath, raced]);
    host.writeConfig('.claude.json', { configured: entry(configured), raced: entry(raced) });
    await daemon.alert('mcp_unapproved_server_started', ({ server }) => server?.name === 'raced');
    await everythingBeforeIsJudged(host, client, daemon);
    assert.deepEqual(unmanaged(daemon), ['last-mcp-server']);
  },
);

test('what another program than a client starts is not told', PATIENCE, async (context) => {
  const host = new Host(context);
  const daemon = await host.up().ready();
  startClient(context, host, 'workbench').run([process.execPath, EVERYTHING, 'stdio']);
  await everythingBeforeIsJudged(host, startClient(context, host, 'claude'), daemon);
  assert.deepEqual(unmanaged(daemon), ['last-mcp-server']);
});

test('in production a server of no config is ended', PATIENCE, async (context) => {
  const host = new Host(context);
  const daemon = await host.up('--profile', 'production').ready();
  const client = startClient(context, host, 'claude');
  client.run([process.execPath, EVERYTHING, 'stdio']);
  const denied = await daemon.alert('mcp_server_denied');
  assert.deepEqual([denied.server?.name, denied.event['mcp.denial']], ['server-everything', 'ended']);
  await until('its end', () => client.said.includes('stdio SIGKILL'));
  assert.deepEqual(unmanaged(daemon), ['server-everything']);
});
