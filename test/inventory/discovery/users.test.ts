import assert from 'node:assert/strict';
import { chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type HostUser, listHostUsers } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

const SERVER = { command: 'launcher' };

test('root sees accounts, and homes whose owners are in no file; each home once', (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root: only root sees other users');
  using home = new TempHome();
  const homes = join(home.path, 'home');
  for (const [name, uid] of [
    ['ana', 1500],
    ['ldap', 70_001],
    ['daemon', 12],
  ] as const) {
    mkdirSync(join(homes, name), { recursive: true });
    chownSync(join(homes, name), uid, uid);
  }
  symlinkSync(join(homes, 'ana'), join(home.path, 'alias'));
  const passwd = home.write(
    'passwd',
    [
      `ana:x:1500:1500::${homes}/ana:/bin/sh`,
      `again:x:1501:1501::${home.path}/alias:/bin/sh`,
      `gone:x:1502:1502::${homes}/gone:/bin/sh`,
      `daemon:x:12:12::${homes}/daemon:/bin/sh`,
      'broken:x:many',
    ].join('\n'),
  );
  const users = listHostUsers({ passwd, homes: [homes] });
  assert.deepEqual(
    users.map(({ name, uid, home: path }) => [name, uid, path.slice(homes.length + 1)]),
    [
      ['ana', 1500, 'ana'],
      ['70001', 70_001, 'ldap'],
    ],
  );
});

test("another user's PATH is assumed from the system's files, and it is said where a command was found", async () => {
  using home = new TempHome();
  const other: HostUser = { name: 'bob', uid: 4711, gid: 4711, home: join(home.path, 'bob') };
  home.write('bob/.cursor/mcp.json', {
    mcpServers: { one: SERVER, full: { command: '/bin/true' }, web: { url: 'https://x.example' } },
  });
  home.write('bob/.nvm/versions/node/v9.11.0/bin/launcher', '', 0o755);
  home.write('bob/.nvm/versions/node/v22.3.0/bin/launcher', '', 0o755);
  const assumptions = async () => {
    const env = { HOME: home.path, PATH: join(home.path, 'callers') };
    const { servers } = await home.scan({ users: [other], env });
    const found = servers.filter(({ server }) => server.client === 'cursor');
    return Object.fromEntries(found.map(({ server }) => [server.name, server.assumptions]));
  };
  const nvm = join(other.home, '.nvm/versions/node');
  const fallback = (version: string) => `launcher is not on it and was found in ${nvm}/${version}/bin`;
  assert.deepEqual(await assumptions(), {
    one: [`PATH of bob is assumed from the system's default; ${fallback('v22.3.0')}`],
    full: [],
    web: [],
  });
  home.write('bob/.nvm/alias/default', '9\n');
  home.write('system/etc/login.defs', `ENV_PATH\tPATH=${home.path}/defs\n`);
  assert.deepEqual((await assumptions())['one'], [
    `PATH of bob is assumed from /etc/login.defs; ${fallback('v9.11.0')}`,
  ]);
  home.write('system/etc/environment', `# x\nPATH="${home.path}/set:/y"\n`);
  home.write('set/launcher', '', 0o755);
  assert.deepEqual((await assumptions())['one'], ['PATH of bob is assumed from /etc/environment']);
});

test('what was assumed is no part of the closure digest', async () => {
  using home = new TempHome();
  home.write('.cursor/mcp.json', { mcpServers: { one: SERVER } });
  home.write('bin/launcher', '', 0o755);
  const look = async (env: Readonly<Record<string, string>>) => {
    const { servers } = await home.scan({ env });
    return servers.find(({ server }) => server.client === 'cursor')?.server;
  };
  const path = join(home.path, 'bin');
  const own = await look({ HOME: home.path, PATH: path });
  home.write('system/etc/environment', `PATH=${path}\n`);
  const assumed = await look({ HOME: '/elsewhere', PATH: '' });
  assert.notDeepEqual(own?.assumptions, assumed?.assumptions);
  assert.equal(own?.closure.digest, assumed?.closure.digest);
});
