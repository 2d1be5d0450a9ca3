import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Place, Platform } from '../../../inventory/clients/client.ts';
import type { Environment } from '../../../inventory/discovery/environment.ts';
import { DirectoryListings } from '../../../inventory/discovery/listings.ts';
import { baseDirectories, locate, type PlaceContext } from '../../../inventory/discovery/places.ts';
import { MAX_GLOB_DEPTH, MAX_GLOB_MATCHES } from '../../../inventory/limits.ts';
import { TempHome } from '../temp-home.ts';

function contextOf(
  home: TempHome,
  platform: Platform = 'linux',
  env: Environment | null = null,
): PlaceContext {
  return {
    platform,
    environments: env === null ? [] : [env],
    systemRoot: join(home.path, 'system'),
    user: { name: 'ana', uid: 1000, gid: 1000, home: home.path },
    project: null,
    listings: new DirectoryListings(),
  };
}

function located(home: TempHome, place: Place, context: PlaceContext = contextOf(home)) {
  const below = (paths: readonly string[]) => paths.map((path) => path.slice(home.path.length + 1)).sort();
  const { found, variants, fixed, trees, truncated } = locate(place, context);
  return {
    found: below(found),
    variants: below(variants),
    fixed: below(fixed),
    trees: below(trees),
    truncated: below(truncated),
  };
}

test('each base stands for its directory on each platform', () => {
  using home = new TempHome();
  const bases = (platform: Platform) => {
    const context = contextOf(home, platform);
    const all = ['config', 'data', 'appdata', 'localappdata', 'programdata', 'system'] as const;
    return all.map((base) => baseDirectories(base, context).map((path) => path.slice(home.path.length + 1)));
  };
  const common = [['AppData/Local'], ['system/ProgramData'], ['system']];
  assert.deepEqual(bases('linux'), [['.config'], ['.local/share'], ['.config'], ...common]);
  assert.deepEqual(bases('darwin'), [
    ['.config'],
    ['.local/share'],
    ['Library/Application Support'],
    ...common,
  ]);
  assert.deepEqual(bases('win32'), [['.config'], ['.local/share'], ['AppData/Roaming'], ...common]);
});

test('Windows variables move their directories, whatever case their names have', () => {
  using home = new TempHome();
  const env = { appdata: 'C:\\Roaming', LocalAppData: 'D:\\Local\\x', PROGRAMDATA: 'C:/Data', HOME: '' };
  const context = contextOf(home, 'win32', env);
  const moved = (base: 'appdata' | 'localappdata' | 'programdata') => baseDirectories(base, context).at(-1);
  assert.equal(moved('appdata'), join(home.path, 'system/Roaming'));
  assert.equal(moved('localappdata'), join(home.path, 'system/Local/x'));
  assert.equal(moved('programdata'), join(home.path, 'system/Data'));
});

test('a Windows layout is found, and a variable counts only for the user whose profile it names', async () => {
  using home = new TempHome();
  const server = { mcpServers: { w: { command: 'true' } } };
  home.write('system/Roaming/Claude/claude_desktop_config.json', server);
  home.write('system/ProgramData/ClaudeCode/managed-mcp.json', { mcpServers: { m: { command: 'true' } } });
  const names = async (profile: string) => {
    const env = { USERPROFILE: profile, APPDATA: 'C:\\Roaming', PATH: '' };
    const { servers } = await home.scan({ platform: 'win32', env });
    return servers.map((found) => found.server.name).sort();
  };
  assert.ok((await names(home.path)).includes('w'));
  assert.ok(!(await names('C:\\Users\\other')).includes('w'));
});

test('a variable may name the file itself, and every candidate is read', () => {
  using home = new TempHome();
  home.write('usual.json', '{}');
  home.write('moved/own.json', '{}');
  home.write('dir/in.json', '{}');
  const place: Place = {
    base: 'home',
    path: 'usual.json',
    movedBy: [
      { variable: 'FILE', path: '' },
      { variable: 'DIR', path: 'in.json' },
      { variable: 'RELATIVE', path: 'usual.json' },
    ],
  };
  const env = { FILE: join(home.path, 'moved/own.json'), DIR: join(home.path, 'dir'), RELATIVE: 'moved' };
  const all = ['dir/in.json', 'moved/own.json', 'usual.json'];
  const { found, fixed } = located(home, place, contextOf(home, 'linux', env));
  assert.deepEqual(found, all);
  assert.deepEqual(fixed, all);
});

test('a ** stands for any directories; cycles end and symlinked directories are looked into', () => {
  using home = new TempHome();
  home.write('p/.mcp.json', '{}');
  home.write('p/a/b/.mcp.json', '{}');
  home.write('p/node_modules/x/.mcp.json', '{}');
  home.write('elsewhere/.mcp.json', '{}');
  symlinkSync('..', join(home.path, 'p/a/up'));
  symlinkSync(join(home.path, 'elsewhere'), join(home.path, 'p/linked'));
  const answer = located(home, { base: 'home', path: 'p/**/.mcp.json' });
  assert.deepEqual(answer.found, ['p/.mcp.json', 'p/a/b/.mcp.json', 'p/linked/.mcp.json']);
  assert.deepEqual(answer.truncated, []);
  const deeper = located(home, { base: 'home', path: 'x/plugins/**/.mcp.json' });
  assert.deepEqual(deeper.trees, ['x/plugins']);
});

test('what a pattern does not reach is said, never dropped in silence', () => {
  using home = new TempHome();
  const levels = Array.from({ length: MAX_GLOB_DEPTH + 1 }, (_, level) => `d${level}`);
  home.write(`p/${levels.slice(0, -1).join('/')}/.mcp.json`, '{}');
  home.write(`p/${levels.join('/')}/.mcp.json`, '{}');
  const deep = located(home, { base: 'home', path: 'p/**/.mcp.json' });
  assert.deepEqual(deep.found, [`p/${levels.slice(0, -1).join('/')}/.mcp.json`]);
  assert.deepEqual(deep.truncated, [`p/${levels.slice(0, -1).join('/')}`]);
  for (let file = 0; file <= MAX_GLOB_MATCHES; file += 1) home.write(`many/${file}.json`, '');
  const many = located(home, { base: 'home', path: 'many/*.json' });
  assert.equal(many.found.length, MAX_GLOB_MATCHES);
  assert.deepEqual(many.truncated, ['']);
});

test('several stars in one segment match in order and never overlap', () => {
  using home = new TempHome();
  for (const name of ['ab', 'a-b', 'a-x-b', 'b-a', 'a-b-']) home.write(`p/q/${name}`, '');
  const found = (path: string) => located(home, { base: 'home', path }).found.map((name) => name.slice(4));
  assert.deepEqual(found('p/q/a*b'), ['a-b', 'a-x-b', 'ab']);
  assert.deepEqual(found('p/q/a*-*b'), ['a-b', 'a-x-b']);
  assert.deepEqual(found('p/q/ab*b'), []);
});

test('a disk that ignores case is read under any spelling, and the found one is reported', () => {
  using home = new TempHome();
  home.write('.Cursor/MCP.json', '{}');
  const place: Place = { base: 'home', path: '.cursor/mcp.json' };
  for (const platform of ['darwin', 'win32'] as const) {
    assert.deepEqual(located(home, place, contextOf(home, platform)).found, ['.Cursor/MCP.json']);
  }
  assert.deepEqual(located(home, place).found, []);
  assert.deepEqual(located(home, place).variants, []);
});

test('on a disk that tells case apart, another spelling in a project is told of and not read', async () => {
  using home = new TempHome();
  home.write('.claude.json', { projects: { [join(home.path, 'p')]: {} } });
  home.write('p/.Cursor/MCP.json', { mcpServers: { hidden: { command: 'true' } } });
  home.write('p/.cursor/mcp.json', { mcpServers: { shown: { command: 'true' } } });
  const { servers, problems } = await home.scan();
  const names = servers.filter(({ server }) => server.client === 'cursor').map(({ server }) => server.name);
  assert.deepEqual(names, ['shown']);
  const told = problems.map(({ code, path }) => `${code} ${path.slice(home.path.length)}`);
  assert.deepEqual(told, ['CONFIG_CASE_VARIANT /p/.Cursor/MCP.json']);
  const onMac = await home.scan({ platform: 'darwin' });
  const all = onMac.servers
    .filter(({ server }) => server.client === 'cursor')
    .map(({ server }) => server.name);
  assert.deepEqual(all.sort(), ['hidden', 'shown']);
  assert.ok(!onMac.problems.some(({ code }) => code === 'CONFIG_CASE_VARIANT'));
});

test('a file under two names is listed once', async () => {
  using home = new TempHome();
  const config = home.write('.claude.json', { mcpServers: { one: { command: 'true' } } });
  mkdirSync(join(home.path, '.claude'));
  linkSync(config, join(home.path, '.claude/.claude.json'));
  const { servers, watch } = await home.scan();
  assert.deepEqual(
    servers.map(({ server }) => server.config_path),
    [config],
  );
  assert.ok(watch.files.includes(join(home.path, '.claude/.claude.json')));
});

test('configs above a project count for it, up to the root', async () => {
  using home = new TempHome();
  home.write('.claude.json', { projects: { [join(home.path, 'work/team/app')]: {} } });
  home.write('work/.mcp.json', { mcpServers: { above: { command: 'true' } } });
  mkdirSync(join(home.path, 'work/team/app'), { recursive: true });
  const { servers, watch } = await home.scan();
  const above = servers.filter(({ server }) => server.client === 'claude-code').map(({ server }) => server);
  assert.deepEqual(
    above.map(({ name, project, scope, config_path }) => [name, project, scope, config_path]),
    [['above', join(home.path, 'work/team/app'), 'project', join(home.path, 'work/.mcp.json')]],
  );
  for (const path of ['work/team/.mcp.json', '.mcp.json'])
    assert.ok(watch.files.includes(join(home.path, path)));
  assert.ok(watch.files.includes('/.mcp.json'));
});

test('what lies above several projects is listed for its own directory where that is a project, too', async () => {
  using home = new TempHome();
  const projects = ['work/a', 'work/b', 'work'].map((path) => join(home.path, path));
  for (const project of projects) mkdirSync(project, { recursive: true });
  home.write('work/.mcp.json', { mcpServers: { top: { command: 'true' } } });
  const listed = async (known: readonly string[]) => {
    home.write('.claude.json', { projects: Object.fromEntries(known.map((path) => [path, {}])) });
    const { servers } = await home.scan();
    return servers
      .filter(({ server }) => server.client === 'claude-code')
      .map(({ server }) => server.project);
  };
  assert.deepEqual(await listed(projects), [join(home.path, 'work')]);
  assert.deepEqual(await listed(projects.slice(0, 2)), projects.slice(0, 2));
});
