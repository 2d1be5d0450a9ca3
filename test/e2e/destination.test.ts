import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 120_000 };
const ROOT =
  process.getuid?.() === 0 ? {} : { skip: 'only root may load the sensor, which tells connections' };

/** Connects to each `host port` of its stdin. */
const SERVER = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [host, port] = line.split(' ');
  require('node:net').connect(Number(port), host).on('error', () => {});
});
`;

test('a server is held to the destinations of its approval, by name and by address', {
  ...PATIENCE,
  ...ROOT,
}, async (context) => {
  const host = new Host(context);
  const open = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  context.after(() => open.close());
  await once(open, 'listening');
  const address = open.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const script = host.write('srv/server.js', SERVER);
  host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
  const policy = host.write('policy.yml', `destinations: ['localhost:${port}', '127.0.0.2']\n`);
  await host.sealwatch('approve', 'cursor/one', '--home', host.home, '--yes', '--policy', policy);
  const daemon = await host.up().ready();
  await until('approved', async () => (await host.status()).servers.approved === 1);
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'] });
  context.after(() => child.kill('SIGKILL'));
  child.stdin.write(`127.0.0.1 ${port}\n127.0.0.2 9\n127.0.0.3 9\n169.254.169.254 80\n`);
  const denied = await daemon.alert(
    'mcp_destination_violation',
    ({ event }) => event['DestinationIp'] === '127.0.0.3',
  );
  assert.deepEqual(
    [denied.event['mcp.policy'], denied.event['DestinationPort'], denied.actor?.pid, denied.server?.name],
    ['DENIED_DESTINATION', 9, child.pid, 'one'],
  );
  await daemon.alert('mcp_metadata_connection');
  const places = daemon.named('mcp_destination_violation').map(({ event }) => event['DestinationIp']);
  assert.deepEqual([...new Set(places)].sort(), ['127.0.0.3', '169.254.169.254']);
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});
