import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import type { ProjectDatabase } from '../../../inventory/clients/client.ts';
import { ProjectDatabases } from '../../../inventory/discovery/project-database.ts';
import { ProcRunningClients, ProjectRecords, type RunningClient } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

const SERVER = { command: 'true' };
const STATE = '.config/Code/User/globalStorage/state.vscdb';
const RECORD: ProjectDatabase = {
  base: 'home',
  path: 'db',
  format: 'sqlite',
  query: 'SELECT paths FROM workspaces',
  names: 'path',
};

function project(home: TempHome, name: string): string {
  home.write(`${name}/.vscode/mcp.json`, { servers: { [name]: SERVER } });
  return join(home.path, name);
}

async function sourcesOf(home: TempHome, options: Parameters<TempHome['scan']>[0] = {}) {
  const { servers, problems } = await home.scan(options);
  const sources = Object.fromEntries(
    servers.map(({ server }) => [server.name, (server.project_source ?? '').replaceAll(home.path, '~')]),
  );
  return { sources, problems };
}

test('each server says what led to its project; the first source wins', async () => {
  using home = new TempHome();
  const [recorded, run, below] = ['recorded', 'run', 'below'].map((name) => project(home, name));
  home.write('.claude.json', {
    mcpServers: { mine: SERVER },
    projects: { [String(recorded)]: { mcpServers: { local: SERVER } } },
  });
  const list = (): readonly RunningClient[] =>
    [String(run), String(recorded)].map((cwd) => ({
      client: 'claude-code',
      name: 'claude',
      uid: process.getuid?.() ?? 0,
      cwd,
      env: null,
    }));
  const roots = [String(below), String(run)];
  const { sources } = await sourcesOf(home, { runningClients: { list }, roots });
  assert.deepEqual(sources, {
    mine: '',
    local: 'config:~/.claude.json',
    recorded: 'record:~/.claude.json',
    run: 'process:claude',
    below: 'root:~/below',
  });
});

test('a database in WAL mode is read without a trace', async () => {
  using home = new TempHome();
  const [app, space] = [project(home, 'app'), project(home, 'space')];
  home.write('space/x.code-workspace', {});
  mkdirSync(join(home.path, '.config/Code/User/globalStorage'), { recursive: true });
  const database = new Database(join(home.path, STATE));
  try {
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)');
    const entries = [
      { folderUri: `file://${app}` },
      { workspace: { configPath: `file://${space}/x.code-workspace` } },
      { folderUri: 'vscode-remote://ssh/elsewhere' },
    ];
    database
      .prepare('INSERT INTO ItemTable VALUES (?, ?)')
      .run('history.recentlyOpenedPathsList', JSON.stringify({ entries }));
    database.pragma('wal_checkpoint(TRUNCATE)');
    const before = readFileSync(join(home.path, STATE));
    assert.deepEqual([before[18], before[19]], [2, 2]);
    const files = readdirSync(join(home.path, '.config/Code/User/globalStorage'));
    const { sources, problems } = await sourcesOf(home);
    assert.deepEqual(sources, { app: `record:~/${STATE}`, space: `record:~/${STATE}` });
    assert.deepEqual(problems, []);
    assert.deepEqual(readFileSync(join(home.path, STATE)), before);
    assert.deepEqual(readdirSync(join(home.path, '.config/Code/User/globalStorage')), files);
  } finally {
    database.close();
  }
});

test('a database that is broken is a problem, and other records are read', async () => {
  using home = new TempHome();
  const app = project(home, 'app');
  home.write('.claude.json', { projects: { [app]: {} } });
  home.write(STATE, 'SQLite format 3\0'.padEnd(4096, 'x'));
  const { sources, problems } = await sourcesOf(home);
  assert.deepEqual(sources, { app: 'record:~/.claude.json' });
  assert.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['INVENTORY_RECORD_UNREADABLE', join(home.path, STATE)]],
  );
});

test('a database cannot make the scan compute: no view, computed column or endless rows', () => {
  using home = new TempHome();
  const read = (name: string, sql: string) => {
    const database = new Database(join(home.path, name));
    database.exec(sql);
    database.close();
    return new ProjectDatabases().read(join(home.path, name), RECORD);
  };
  const endless = 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS paths FROM r';
  assert.match(read('view', `CREATE VIEW workspaces AS ${endless}`).fault?.message ?? '', /no plain table/);
  const computed = 'CREATE TABLE workspaces (x, paths TEXT AS (hex(zeroblob(1e8))) STORED)';
  assert.match(read('computed', computed).fault?.message ?? '', /no plain table/);
  const rows =
    "CREATE TABLE workspaces (paths); WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 10001) INSERT INTO workspaces SELECT '/p' || n FROM r";
  const many = read('many', rows);
  assert.equal(many.projects.length, 10_000);
  assert.match(many.fault?.message ?? '', /more than 10000 rows/);
  const lines = read(
    'lines',
    "CREATE TABLE workspaces (paths); INSERT INTO workspaces VALUES ('/a\n/b'), (NULL), (x'2f63'), ('rel')",
  );
  assert.deepEqual(lines, { projects: ['/a', '/b', '/c'], fault: null });
});

test('a database whose pages are used twice is refused', () => {
  using home = new TempHome();
  const path = join(home.path, 'db');
  const database = new Database(path);
  database.exec(`CREATE TABLE workspaces (paths); WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 900)
    INSERT INTO workspaces SELECT '/p' || n || hex(zeroblob(100)) FROM r`);
  const page = Number(database.prepare('SELECT rootpage FROM sqlite_schema').pluck().get());
  const size = Number(database.pragma('page_size', { simple: true }));
  database.close();
  assert.equal(new ProjectDatabases().read(path, RECORD).projects.length, 900);
  const bytes = readFileSync(path);
  const root = (page - 1) * size;
  // An interior table page (sqlite.org/fileformat2.html, 1.6): cells begin with the page below.
  assert.equal(bytes[root], 5);
  const [first, second] = [12, 14].map((at) => root + bytes.readUInt16BE(root + at));
  assert.ok(first !== undefined && second !== undefined);
  bytes.writeUInt32BE(bytes.readUInt32BE(second), first);
  writeFileSync(path, bytes);
  assert.match(new ProjectDatabases().read(path, RECORD).fault?.message ?? '', /damaged/);
});

test('a record that breaks keeps its projects in the watch; one that is removed does not', async () => {
  using home = new TempHome();
  const app = project(home, 'app');
  const records = new ProjectRecords();
  const path = home.write('.claude.json', { projects: { [app]: {} } });
  assert.deepEqual(Object.keys((await sourcesOf(home, { records })).sources), ['app']);
  home.write('.claude.json', '{"projects": {');
  const broken = await sourcesOf(home, { records });
  assert.deepEqual(Object.keys(broken.sources), ['app']);
  assert.deepEqual(
    broken.problems.map(({ code }) => code),
    ['CONFIG_SYNTAX'],
  );
  rmSync(path);
  assert.deepEqual((await sourcesOf(home, { records })).sources, {});
});

test('an answer is kept until the database changes', () => {
  using home = new TempHome();
  const database = new Database(join(home.path, 'db'));
  database.exec("CREATE TABLE workspaces (paths); INSERT INTO workspaces VALUES ('/a')");
  const databases = new ProjectDatabases();
  const first = databases.read(join(home.path, 'db'), RECORD);
  assert.equal(databases.read(join(home.path, 'db'), RECORD), first);
  database.exec("INSERT INTO workspaces VALUES ('/b')");
  database.close();
  assert.deepEqual(databases.read(join(home.path, 'db'), RECORD).projects, ['/a', '/b']);
});

test('the directory of a client that runs is a project, and its environment counts', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs the /proc of Linux');
  using home = new TempHome();
  const app = project(home, 'app');
  const bin = join(home.path, 'tools');
  home.write('tools/my-server', '#!/bin/sh\n', 0o755);
  home.write('moved/.claude.json', { mcpServers: { moved: { command: 'my-server' } } });
  copyFileSync('/bin/sleep', join(bin, 'claude'));
  const env = {
    HOME: home.path,
    PATH: bin,
    CLAUDE_CONFIG_DIR: join(home.path, 'moved'),
    API_TOKEN: 'hidden',
  };
  const child = spawn(join(bin, 'claude'), ['60'], { cwd: app, env });
  try {
    await once(child, 'spawn');
    const running = new ProcRunningClients();
    const mine = running.list().filter(({ cwd }) => cwd === app);
    assert.deepEqual(
      mine.map(({ client, name, uid }) => [client, name, uid]),
      [['claude-code', 'claude', process.getuid?.()]],
    );
    assert.deepEqual(Object.keys(mine[0]?.env ?? {}).sort(), ['CLAUDE_CONFIG_DIR', 'HOME', 'PATH']);
    const { servers } = await home.scan({
      runningClients: running,
      env: { HOME: '/elsewhere', PATH: '/nowhere' },
    });
    const found = new Map(servers.map(({ server }) => [server.name, server]));
    assert.equal(found.get('app')?.project_source, 'process:claude');
    const moved = found.get('moved');
    assert.deepEqual(moved?.assumptions, ['PATH of root was read from the running claude']);
    assert.ok(moved?.closure.artefacts.some(({ path }) => path === join(bin, 'my-server')));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a client whose program runs as a script is known by the script', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs the /proc of Linux');
  using home = new TempHome();
  const script = home.write('lib/gemini.js', "console.log('up'); setInterval(() => {}, 1000);");
  const child = spawn(process.execPath, ['--no-warnings', script], {
    cwd: home.path,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(child.stdout, 'data');
    const found = new ProcRunningClients().list().filter(({ cwd }) => cwd === home.path);
    assert.deepEqual(
      found.map(({ client, name }) => [client, name]),
      [['gemini', 'gemini']],
    );
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a client that runs under another home is no client of this user', async () => {
  using home = new TempHome();
  const cwd = project(home, 'app');
  const uid = process.getuid?.() ?? 0;
  const list = () => [{ client: 'vscode', name: 'code', uid, cwd, env: { HOME: '/elsewhere' } }];
  assert.deepEqual((await sourcesOf(home, { runningClients: { list } })).sources, {});
  const others = () => [{ client: 'vscode', name: 'code', uid: uid + 1, cwd, env: null }];
  assert.deepEqual((await sourcesOf(home, { runningClients: { list: others } })).sources, {});
});

test('symlinked homes and projects end, and list each project by its recorded name', async () => {
  using home = new TempHome();
  const app = project(home, 'app');
  symlinkSync('..', join(app, 'up'));
  symlinkSync(app, join(home.path, 'alias'));
  symlinkSync('self', join(home.path, 'self'));
  home.write('.claude.json', {
    projects: {
      [join(home.path, 'alias')]: {},
      [join(home.path, 'self')]: {},
      [join(home.path, 'gone')]: {},
    },
  });
  const { sources, problems } = await sourcesOf(home);
  assert.deepEqual(sources, { app: 'record:~/.claude.json' });
  assert.deepEqual(problems, []);
});
