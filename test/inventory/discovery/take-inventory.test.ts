import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENTS, homeAsUser, listHostUsers, serverId } from '../../../inventory/index.ts';
import { serverSchema } from '../../../wire/index.ts';
import { TempHome } from '../temp-home.ts';

const SERVER = { command: 'true' };

function layOut(home: TempHome): void {
  home.write('.claude.json', {
    mcpServers: { user: SERVER },
    projects: { [join(home.path, 'work/a')]: { mcpServers: { local: SERVER } }, '/nowhere/at/all': {} },
  });
  home.write('work/a/.mcp.json', { flat: SERVER });
  home.write('work/a/.vscode/mcp.json', '{"servers": {"v": {"command": "true"},},}');
  home.write('work/b/.cursor/mcp.json', { mcpServers: { c: SERVER } });
  home.write('.config/Code/User/workspaceStorage/1f/workspace.json', {
    folder: `file://${home.path}/work/b`,
  });
  home.write('.config/Code/User/settings.json', { 'mcp.servers': { dotted: SERVER } });
  home.write('.config/Claude/claude_desktop_config.json', { mcpServers: { d: SERVER } });
  home.write('.codex/config.toml', '[mcp_servers.x]\ncommand = "true"\n');
  home.write('.config/goose/config.yaml', 'extensions:\n  g:\n    cmd: "true"\n    enabled: false\n');
  home.write('.config/zed/settings.json', '// c\n{"context_servers": {"z": {"command": "true"}}}');
  home.write('.continue/mcpServers/one.yaml', 'mcpServers:\n  - name: n\n    command: "true"\n');
  home.write('.gemini/settings.json', { mcpServers: { m: { httpUrl: 'https://x.example' } } });
  home.write('system/etc/claude-code/managed-mcp.json', { mcpServers: { k: SERVER } });
}

test('every client, scope and recorded project of a home is found', async () => {
  using home = new TempHome();
  layOut(home);
  const { servers, problems } = await home.scan();
  assert.deepEqual(problems, []);
  const lines = servers.map(({ server }) => {
    serverSchema.parse({ ...server, state: 'pending' });
    const project = server.project === null ? '' : server.project.slice(home.path.length);
    return `${server.client} ${server.scope} ${server.name} ${server.config_path.slice(home.path.length)} ${project}`.trim();
  });
  assert.deepEqual(lines.sort(), [
    'claude-code managed k /system/etc/claude-code/managed-mcp.json',
    'claude-code project flat /work/a/.mcp.json /work/a',
    'claude-code project local /.claude.json /work/a',
    'claude-code user user /.claude.json',
    'claude-desktop user d /.config/Claude/claude_desktop_config.json',
    'codex project flat /work/a/.mcp.json /work/a',
    'codex user x /.codex/config.toml',
    'continue user n /.continue/mcpServers/one.yaml',
    'cursor project c /work/b/.cursor/mcp.json /work/b',
    'gemini user m /.gemini/settings.json',
    'goose user g /.config/goose/config.yaml',
    'vscode project v /work/a/.vscode/mcp.json /work/a',
    'vscode user dotted /.config/Code/User/settings.json',
    'zed user z /.config/zed/settings.json',
  ]);
  const [first] = servers;
  assert.ok(first);
  const { client, scope, config_path, project, name } = first.server;
  assert.equal(first.server.id, serverId(client, scope, config_path, project, name));
  assert.equal(new Set(servers.map(({ server }) => server.id)).size, servers.length);
});

test('the watch plan holds configs that do not exist yet, and never a whole home', async () => {
  using home = new TempHome();
  layOut(home);
  const { watch } = await home.scan();
  for (const path of ['.cursor/mcp.json', '.claude.json', 'work/a/.cursor/mcp.json', 'work/b/.mcp.json']) {
    assert.ok(watch.files.includes(join(home.path, path)), path);
  }
  assert.ok(watch.trees.includes(join(home.path, '.continue/mcpServers')));
  assert.ok(![...watch.files, ...watch.trees].includes(home.path));
  assert.ok([...watch.files, ...watch.trees].every((path) => path.startsWith('/')));
});

test('roots are walked for projects, but not into node_modules or .git', async () => {
  using home = new TempHome();
  home.write('src/.mcp.json', { mcpServers: { top: SERVER } });
  home.write('src/deep/er/.cursor/mcp.json', { mcpServers: { deep: SERVER } });
  home.write('src/node_modules/x/.mcp.json', { mcpServers: { no: SERVER } });
  home.write('src/.git/.mcp.json', { mcpServers: { no: SERVER } });
  symlinkSync('/', join(home.path, 'src/link'));
  const { servers, problems } = await home.scan({ roots: [join(home.path, 'src')] });
  assert.deepEqual(
    servers.map(({ server }) => server.name),
    ['top', 'deep'],
  );
  assert.deepEqual(problems, []);
  const missing = await home.scan({ roots: [join(home.path, 'none')] });
  assert.deepEqual(
    missing.problems.map(({ code }) => code),
    ['INVENTORY_ROOT_UNREADABLE'],
  );
});

test('a variable moves the config of the user whose environment it is', async () => {
  using home = new TempHome();
  home.write('elsewhere/config.toml', '[mcp_servers.moved]\ncommand = "true"\n');
  home.write('elsewhere/.claude.json', { mcpServers: { claude: SERVER } });
  const elsewhere = join(home.path, 'elsewhere');
  const env = { HOME: home.path, PATH: '/usr/bin:/bin', CODEX_HOME: elsewhere, CLAUDE_CONFIG_DIR: elsewhere };
  const names = async (variables: typeof env) =>
    (await home.scan({ env: variables })).servers.map(({ server }) => server.name).sort();
  assert.deepEqual(await names(env), ['claude', 'moved']);
  assert.deepEqual(await names({ ...env, HOME: '/somebody/else' }), []);
});

test('a broken config is one problem and the others are found all the same', async () => {
  using home = new TempHome();
  layOut(home);
  home.write('.cursor/mcp.json', '{"mcpServers": {');
  mkdirSync(join(home.path, '.codeium/windsurf/mcp_config.json'), { recursive: true });
  const { servers, problems } = await home.scan();
  const before = new Set(servers.map(({ server }) => server.name));
  for (const name of ['user', 'local', 'flat', 'v', 'c', 'dotted', 'd', 'x', 'g', 'z', 'n', 'm', 'k'])
    assert.ok(before.has(name), name);
  assert.deepEqual(problems.map(({ code }) => code).sort(), ['CONFIG_NOT_A_FILE', 'CONFIG_SYNTAX']);
});

test('a config that device management embeds in a preferences file is read', async () => {
  using home = new TempHome();
  const toml = Buffer.from('[mcp_servers.managed]\ncommand = "true"\n').toString('base64');
  const plist = `<?xml version="1.0"?><plist version="1.0"><dict><key>config_toml_base64</key><string>${toml}</string></dict></plist>`;
  home.write('system/Library/Managed Preferences/com.openai.codex.plist', plist);
  const { servers } = await home.scan({ platform: 'darwin' });
  assert.deepEqual(
    servers.map(({ server }) => [server.client, server.name, server.scope]),
    [['codex', 'managed', 'managed']],
  );
  assert.deepEqual((await home.scan()).servers, []);
});

test('a place that may not be looked into is a problem, and the others are found', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may look into everything');
  using home = new TempHome();
  layOut(home);
  chmodSync(join(home.path, '.gemini'), 0);
  const { servers, problems } = await home.scan();
  chmodSync(join(home.path, '.gemini'), 0o755);
  assert.ok(servers.some(({ server }) => server.client === 'claude-code'));
  assert.ok(
    problems.some(({ code, path }) => code === 'CONFIG_PERMISSION_DENIED' && path.includes('.gemini')),
  );
});

test('disabled servers are listed as such', async () => {
  using home = new TempHome();
  layOut(home);
  const { servers } = await home.scan();
  assert.equal(servers.find(({ server }) => server.client === 'goose')?.server.disabled, true);
});

test('a scan without a salt is refused', async () => {
  using home = new TempHome();
  await assert.rejects(home.scan({ salt: '' }), { code: 'INVENTORY_SALT_MISSING' });
});

test('a home belongs to the owner of its directory; a missing one is an error', () => {
  using home = new TempHome();
  assert.equal(homeAsUser(home.path).uid, process.getuid?.());
  assert.throws(() => homeAsUser(join(home.path, 'none')), { code: 'INVENTORY_HOME_NOT_FOUND' });
});

test('the users of the host have existing homes and are people', () => {
  const users = listHostUsers();
  assert.ok(users.length >= 1);
  assert.ok(users.every(({ uid }) => uid === 0 || uid >= 1000));
});

test('the catalogue names each client and alias once, and every location is relative', () => {
  const names = CLIENTS.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
  assert.equal(new Set(names).size, names.length);
  for (const { path } of CLIENTS.flatMap((client) => client.locations))
    assert.ok(!path.startsWith('/'), path);
});
