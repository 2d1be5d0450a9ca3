import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Host, until } from './host.ts';
import { openSession } from './session.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Loaded into every Node of the launch by NODE_OPTIONS; only the server itself acts on it. */
const HOOK = `
const fs = require('node:fs');
if (/server-everything/.test(process.argv[1] ?? '')) {
  fs.writeFileSync(__dirname + '/server.pid', String(process.pid));
  setInterval(() => {
    if (!fs.existsSync(__dirname + '/go') || fs.existsSync(__dirname + '/gone')) return;
    fs.writeFileSync(__dirname + '/gone', '');
    require('node:child_process').exec('echo later; sleep 3');
  }, 50).unref();
}
`;

test('the sh -c that npx needs is no shell spawn, the shell that the server starts later is', async (t) => {
  const host = new Host(t);
  const hook = host.write('hook.cjs', HOOK);
  const entry = {
    command: 'npx',
    args: ['-y', '@modelcontextprotocol/server-everything', 'stdio'],
    cwd: ROOT,
    env: { NODE_OPTIONS: `--require ${hook}`, PATH: process.env['PATH'] ?? '' },
  };
  host.writeConfig('.cursor/mcp.json', { everything: entry });
  const up = await host.up().ready();
  await host.approve('cursor/everything');
  await until('the approval', async () => (await host.status()).servers.approved === 1);

  const session = await openSession(entry);
  t.after(() => session.close());
  assert.ok(session.tools > 0);
  const server = Number(
    await until(
      'the server',
      () => existsSync(host.at('server.pid')) && readFileSync(host.at('server.pid'), 'utf8'),
    ),
  );
  const launch = launchChain(server);
  t.diagnostic(`launch chain: ${launch.map(({ cmdline }) => cmdline).join(' → ')}`);

  writeFileSync(host.at('go'), '');
  const spawned = await up.alert('mcp_shell_spawn');
  assert.match(spawned.actor?.cmdline ?? '', /echo later/);
  assert.equal(spawned.ancestry[0]?.pid, server);
  await session.close();
  await up.stop();
  assert.equal(up.named('mcp_shell_spawn').length, 1, 'events come in order: the launch raised none before');
  const names = new Set(up.alerts.map(({ rule }) => rule.name));
  assert.deepEqual([...names], ['mcp_trust_root_created', 'mcp_shell_spawn']);
});

/** The processes from the server up to this test, as /proc tells them. */
function launchChain(pid: number): readonly { readonly cmdline: string }[] {
  const chain: { cmdline: string }[] = [];
  for (let at = pid; at !== process.pid && at > 1; ) {
    const stat = readFileSync(`/proc/${at}/stat`, 'utf8');
    chain.unshift({ cmdline: readFileSync(`/proc/${at}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() });
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  return chain;
}
