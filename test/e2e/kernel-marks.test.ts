import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { skip } from '../collectors/process/built-sensor.ts';
import { freePortPair } from '../free-port.ts';
import { allAlerts, Host, until } from './host.ts';

/** A server that runs each line of its stdin by a shell of its own. */
const SERVER = `
const { spawnSync } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  spawnSync('/bin/sh', ['-c', line], { stdio: 'ignore' });
});
`;

/** A BPF file system of this test's own. */
function mountBpf(context: TestContext): string | null {
  const path = mkdtempSync(join(tmpdir(), 'sealwatch-bpf-'));
  const mounted = spawnSync('mount', ['-t', 'bpf', 'bpf', path]).status === 0;
  context.after(() => {
    if (mounted) spawnSync('umount', [path]);
    rmdirSync(path);
  });
  return mounted ? path : null;
}

test('what a server started while no agent ran is known as the server’s to the next agent', {
  skip,
  timeout: 120_000,
}, async (context) => {
  const host = new Host(context);
  const bpf = mountBpf(context);
  if (bpf === null) {
    context.skip('no BPF file system can be mounted here');
    return;
  }
  const script = host.write('srv/server.js', SERVER);
  const config = host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
  await host.approve('cursor/one');
  const port = await freePortPair();
  host.central(port);
  const options = { pin_dir: join(bpf, 'sealwatch') };
  const first = host.agent(port, options);
  await first.ready();
  const server = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'] });
  context.after(() => server.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const alertOf = (text: string) =>
    until(`an alert about ${text}`, async () =>
      (await allAlerts(url)).find(
        ({ rule, event }) => rule.name === 'mcp_shell_spawn' && String(event['CommandLine']).includes(text),
      ),
    );
  server.stdin.write(': seen-by-the-first\n');
  await alertOf('seen-by-the-first');
  await first.kill();

  const pidFile = host.at('left.pid');
  // Gone from its parents, in a session of its own, and quiet until the next agent runs.
  const left = `setsid sh -c 'echo $$ > ${pidFile}; while [ ! -e ${host.at('go')} ]; do sleep 0.1; done; sh -c ": left-behind"' &`;
  server.stdin.write(`${left}\n`);
  const pid = await until('the process that is left', () => {
    try {
      return Number(readFileSync(pidFile, 'utf8'));
    } catch {
      return null;
    }
  });
  context.after(() => spawnSync('kill', ['-9', String(pid)]));
  server.kill('SIGKILL');
  // Not even the config knows the server any more.
  host.writeConfig('.cursor/mcp.json', {});
  assert.ok(config.endsWith('mcp.json'));

  await host.agent(port, options).ready();
  host.write('go', '');
  const alert = await alertOf('left-behind');
  assert.deepEqual([alert.server?.name, alert.actor?.in_subtree], ['one', true]);
});
