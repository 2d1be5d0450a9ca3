import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { InventoryOptions } from '../../../inventory/index.ts';
import type { Finding } from '../../../wire/index.ts';
import { TempHome } from '../temp-home.ts';

const UID = 54_321;

async function findings(home: TempHome, options: Partial<InventoryOptions>): Promise<readonly Finding[]> {
  const { servers } = await home.scan(options);
  return servers[0]?.server.findings ?? [];
}

async function severity(home: TempHome, id: string, options: Partial<InventoryOptions>) {
  return (await findings(home, options)).find((finding) => finding.id === id)?.severity ?? null;
}

test('a launcher that a writable PATH directory holds, or that one before it could shadow, is found', async () => {
  using home = new TempHome();
  mkdirSync(join(home.path, 'early'));
  home.write('tools/server', '#!/bin/sh\n', 0o755);
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: 'server' } } });
  const path = (...names: readonly string[]) => ({
    env: { HOME: home.path, PATH: names.map((name) => join(home.path, name)).join(':') },
  });
  const found = (options: Partial<InventoryOptions>) => severity(home, 'mcp_path_writable', options);
  assert.equal(await found(path('early', 'tools')), null);
  chmodSync(join(home.path, 'early'), 0o777);
  assert.equal(await found(path('early', 'tools')), 'high', 'before it');
  assert.equal(await found(path('tools', 'early')), null, 'behind it');
  chmodSync(join(home.path, 'early'), 0o1777);
  assert.equal(await found(path('early', 'tools')), 'high', 'a sticky directory takes new files');
  assert.equal(await found(path('early/none', 'tools')), 'high', 'it can be made');
  chmodSync(join(home.path, 'early'), 0o755);
  chmodSync(join(home.path, 'tools'), 0o777);
  assert.equal(await found(path('early', 'tools')), 'high', 'where it lies');
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: join(home.path, 'tools/server') } } });
  assert.equal(await found(path('early', 'tools')), null, 'named by its place');
});

test('a relative PATH directory in front of the launcher is found', async () => {
  using home = new TempHome();
  home.write('tools/server', '#!/bin/sh\n', 0o755);
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: 'server' } } });
  const tools = join(home.path, 'tools');
  const found = (path: string) =>
    severity(home, 'mcp_path_writable', { env: { HOME: home.path, PATH: path } });
  assert.equal(await found(`node_modules/.bin:${tools}`), 'high');
  assert.equal(await found(`${tools}:node_modules/.bin`), null);
});

test('what the server’s own user can write is a note on a laptop and a defect in production', async (t: TestContext) => {
  if (process.getuid?.() !== 0) return t.skip('changing owners needs root');
  using home = new TempHome();
  const script = home.write('x.mjs', '');
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: process.execPath, args: [script] } } });
  for (const name of ['', '.cursor', '.cursor/mcp.json', 'x.mjs']) chownSync(join(home.path, name), UID, UID);
  const users = [{ name: String(UID), uid: UID, gid: UID, home: home.path }];
  const ids = async (profile: 'developer' | 'production') =>
    (await findings(home, { users, profile })).map(({ id, severity: level }) => `${id} ${level}`);
  assert.deepEqual(await ids('developer'), ['mcp_self_authority informational']);
  assert.deepEqual(await ids('production'), ['mcp_helper_writable high', 'mcp_self_authority high']);
  for (const name of ['', '.cursor', '.cursor/mcp.json', 'x.mjs']) chownSync(join(home.path, name), 0, 0);
  assert.deepEqual(await ids('production'), []);
});

test('a server that runs as root can rewrite everything, which production does not take', async () => {
  using home = new TempHome();
  home.write('.cursor/mcp.json', { mcpServers: { s: { command: '/bin/true' } } });
  const users = [{ name: 'root', uid: 0, gid: 0, home: home.path }];
  assert.equal(await severity(home, 'mcp_self_authority', { users, profile: 'production' }), 'high');
  assert.equal(await severity(home, 'mcp_self_authority', { users }), 'informational');
  home.write('.cursor/mcp.json', { mcpServers: { s: { url: 'https://x.example' } } });
  assert.equal(await severity(home, 'mcp_self_authority', { users, profile: 'production' }), null);
});
