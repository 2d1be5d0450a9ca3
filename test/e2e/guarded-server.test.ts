import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { skip } from '../collectors/process/built-sensor.ts';
import { Host } from './host.ts';
import { startClient } from './stand-in-client.ts';

/** A server by its name only, which starts a shell when it is spoken to. */
const SERVER = `
process.stdin.on('data', () => require('node:child_process').exec('echo spawned; sleep 1'));
process.stdin.on('end', () => process.exit());
`;

interface Entry {
  readonly command: string;
  readonly args: readonly string[];
}

test('a server is followed through the guard: wrapping is no change, the guard no server, and the server itself is known', {
  timeout: 120_000,
  skip,
}, async (context) => {
  const host = new Host(context);
  const script = host.write('srv/mcp-files.js', SERVER);
  const config = host.writeConfig('.claude.json', { files: { command: process.execPath, args: [script] } });
  await host.approve('claude-code/files');
  const daemon = await host.up().ready();
  await host.sealwatch('wrap', '--all', '--home', host.home);
  const { command, args }: Entry = JSON.parse(readFileSync(config, 'utf8')).mcpServers.files;
  assert.match(command, /\/bin\/sealwatch$/);
  const client = startClient(context, host, 'claude');
  client.run([command, ...args], {}, '{"jsonrpc":"2.0","id":1,"method":"ping"}');
  const shell = await daemon.alert('mcp_shell_spawn');
  assert.deepEqual([shell.server?.name, shell.server?.state], ['files', 'approved']);
  assert.match(String(shell.event['ParentCommandLine']), /mcp-files\.js$/);
  client.run([process.execPath, host.write('last-mcp-server.js', SERVER)]);
  await daemon.alert('mcp_unmanaged_server', ({ server }) => server?.name === 'last-mcp-server');
  const about = daemon.alerts.map(({ rule, server }) => `${rule.name} ${server?.name}`);
  assert.deepEqual(
    about.filter((line) => line.startsWith('mcp_')),
    ['mcp_shell_spawn files', 'mcp_unmanaged_server last-mcp-server'],
  );
});
