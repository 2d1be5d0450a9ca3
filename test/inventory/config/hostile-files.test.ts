import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROBLEM_CODES, parseConfigFile } from '../../../inventory/index.ts';
import { TempHome } from '../temp-home.ts';

const SERVER = { command: 'node', args: ['x.js'] };

function onlyProblem(client: string, path: string) {
  const parsed = parseConfigFile(client, path);
  assert.equal(parsed.problems.length, 1, JSON.stringify(parsed.problems));
  const [problem] = parsed.problems;
  assert.ok(problem);
  assert.ok((PROBLEM_CODES as readonly string[]).includes(problem.code));
  assert.equal(problem.path, path);
  return { parsed, problem };
}

test('half a JSON file is one problem with line and column', () => {
  using home = new TempHome();
  const path = home.write('.mcp.json', '{\n  "mcpServers": {\n    "a": {"command": "no');
  const { parsed, problem } = onlyProblem('claude-code', path);
  assert.deepEqual([problem.line, problem.column, problem.code], [3, 22, 'CONFIG_SYNTAX']);
  assert.equal(parsed.valid, false);
  assert.deepEqual(parsed.servers, []);
});

test('broken TOML and YAML are one problem each, with line and column and no text of the file', () => {
  using home = new TempHome();
  const toml = home.write('config.toml', '[mcp_servers.a]\ncommand = "x"\nargs = [hunter2\n');
  const broken = onlyProblem('codex', toml).problem;
  assert.equal(broken.line, 3);
  assert.ok(!broken.message.includes('hunter2'));
  const yaml = home.write('config.yaml', 'extensions:\n  a:\n    cmd: "hunter2\n   b: [\n');
  const fault = onlyProblem('goose', yaml).problem;
  assert.ok(fault.line !== null && fault.line >= 3 && fault.column !== null);
  assert.ok(!fault.message.includes('hunter2'));
});

test('a file of 50 MB is refused by its size', () => {
  using home = new TempHome();
  const path = home.write('.mcp.json', '{');
  truncateSync(path, 50 * 1024 * 1024);
  assert.equal(onlyProblem('claude-code', path).problem.code, 'CONFIG_TOO_LARGE');
});

test('a directory, a FIFO and a device in place of a config are problems and never hang', () => {
  using home = new TempHome();
  mkdirSync(join(home.path, 'dir.json'));
  assert.equal(onlyProblem('cursor', join(home.path, 'dir.json')).problem.code, 'CONFIG_NOT_A_FILE');
  execFileSync('mkfifo', [join(home.path, 'fifo.json')]);
  assert.equal(onlyProblem('cursor', join(home.path, 'fifo.json')).problem.code, 'CONFIG_NOT_A_FILE');
  symlinkSync('/dev/zero', join(home.path, 'device.json'));
  assert.equal(onlyProblem('cursor', join(home.path, 'device.json')).problem.code, 'CONFIG_NOT_A_FILE');
});

test('a loop of symlinks is a problem; a chain of them is followed', () => {
  using home = new TempHome();
  symlinkSync('b.json', join(home.path, 'a.json'));
  symlinkSync('a.json', join(home.path, 'b.json'));
  assert.equal(onlyProblem('cursor', join(home.path, 'a.json')).problem.code, 'CONFIG_SYMLINK_LOOP');
  home.write('real.json', { mcpServers: { a: SERVER } });
  symlinkSync('real.json', join(home.path, 'one.json'));
  symlinkSync('one.json', join(home.path, 'two.json'));
  assert.deepEqual(parseConfigFile('cursor', join(home.path, 'two.json')).problems, []);
});

test('a file that may not be read is a problem', (t) => {
  if (process.getuid?.() === 0) return t.skip('root may read everything');
  using home = new TempHome();
  const path = home.write('mcp.json', {});
  chmodSync(path, 0);
  assert.equal(onlyProblem('cursor', path).problem.code, 'CONFIG_PERMISSION_DENIED');
});

test('a missing file is a problem of parse, as it was asked for', () => {
  using home = new TempHome();
  assert.equal(onlyProblem('cursor', join(home.path, 'none.json')).problem.code, 'CONFIG_NOT_FOUND');
});

test('text that is not UTF-8 is one problem, and the servers that a lenient client sees are listed', () => {
  using home = new TempHome();
  const path = home.write(
    'mcp.json',
    Buffer.from('{"mcpServers":\n {"caf\xe9": {"command": "x"}}}', 'latin1'),
  );
  const { parsed, problem } = onlyProblem('cursor', path);
  assert.deepEqual([problem.code, problem.line, problem.column], ['CONFIG_NOT_UTF8', 2, 7]);
  assert.deepEqual([parsed.valid, parsed.servers.length], [false, 1]);
  const utf16 = home.write('utf16.json', Buffer.from('\ufeff{"mcpServers": {}}', 'utf16le'));
  assert.equal(onlyProblem('cursor', utf16).problem.code, 'CONFIG_NOT_UTF8');
});

test('comments, trailing commas and a byte order mark are accepted', () => {
  using home = new TempHome();
  const path = home.write('mcp.json', '\ufeff// c\n{"servers": {"a": {"command": "x", /* y */},},}');
  const parsed = parseConfigFile('vscode', path);
  assert.deepEqual([parsed.valid, parsed.servers.length, parsed.problems], [true, 1, []]);
});

test('deep nesting is refused in every format without a crash', () => {
  using home = new TempHome();
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  assert.equal(onlyProblem('cursor', home.write('a.json', `{"a":${deep}}`)).problem.code, 'CONFIG_TOO_DEEP');
  assert.equal(parseConfigFile('codex', home.write('a.toml', `a = ${deep}`)).valid, false);
  assert.equal(parseConfigFile('goose', home.write('a.yaml', `a: ${deep.slice(0, 50_000)}`)).valid, false);
});

test('aliases that multiply are refused', () => {
  using home = new TempHome();
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  const { problem } = onlyProblem('goose', home.write('config.yaml', lines.join('\n')));
  assert.equal(problem.code, 'CONFIG_TOO_MANY_VALUES');
});

test('an entry with a prototype key is refused with its place; its neighbours stay', () => {
  using home = new TempHome();
  const path = home.write(
    'mcp.json',
    '{"mcpServers": {\n"good": {"command": "a"},\n"__proto__": {"command": "b"},\n"bad": {"env": {"constructor": "c"}},\n"last": {"command": "d"}}}',
  );
  const parsed = parseConfigFile('cursor', path);
  assert.deepEqual(
    parsed.servers.map(({ name }) => name),
    ['good', 'last'],
  );
  assert.deepEqual(
    parsed.problems.map(({ code, line }) => [code, line]),
    [
      ['CONFIG_FORBIDDEN_KEY', 3],
      ['CONFIG_FORBIDDEN_KEY', 4],
    ],
  );
  assert.equal(({} as { command?: string }).command, undefined);
});

test('a bad entry is a problem and never hides its neighbours', () => {
  using home = new TempHome();
  const path = home.write('mcp.json', {
    mcpServers: { text: 'x', none: null, number: { command: 7, args: 'x' }, good: SERVER },
  });
  const parsed = parseConfigFile('cursor', path);
  assert.deepEqual(
    parsed.servers.map(({ name, command }) => [name, command]),
    [
      ['number', null],
      ['good', 'node'],
    ],
  );
  assert.equal(parsed.problems.length, 4);
  assert.ok(parsed.problems.every(({ code, line }) => code === 'CONFIG_ENTRY_INVALID' && line !== null));
});

test('a repeated key is a problem at the second place; the last one counts', () => {
  using home = new TempHome();
  const path = home.write('mcp.json', '{"mcpServers": {"a": {"command": "x"},\n "a": {"command": "y"}}}');
  const parsed = parseConfigFile('cursor', path);
  assert.deepEqual(
    parsed.servers.map(({ command }) => command),
    ['y'],
  );
  assert.deepEqual(
    parsed.problems.map(({ code, line, column }) => [code, line, column]),
    [['CONFIG_DUPLICATE_KEY', 2, 2]],
  );
});

test('an unknown client is a problem and its file is read by the known keys', () => {
  using home = new TempHome();
  const path = home.write('x.json', { mcpServers: { a: SERVER } });
  const { parsed, problem } = onlyProblem('no-such-client', path);
  assert.equal(problem.code, 'INVENTORY_UNKNOWN_CLIENT');
  assert.equal(parsed.servers.length, 1);
});

test('the project keys of ~/.claude.json name the project of their servers', () => {
  using home = new TempHome();
  const path = home.write('.claude.json', {
    mcpServers: { a: SERVER },
    projects: { '/p': { mcpServers: { b: SERVER } } },
  });
  const parsed = parseConfigFile('claude-code', path);
  assert.deepEqual(
    parsed.servers.map(({ name, project }) => [name, project]),
    [
      ['a', null],
      ['b', '/p'],
    ],
  );
});
