import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonc } from '../../../inventory/config/jsonc.ts';
import { parseConfigFile } from '../../../inventory/config/parse-file.ts';
import { parseToml } from '../../../inventory/config/toml.ts';
import type { ConfigDocument, ValuePath } from '../../../inventory/config/value.ts';
import { parseYaml } from '../../../inventory/config/yaml.ts';
import { TempHome } from '../temp-home.ts';

function places(document: ConfigDocument, ...paths: readonly ValuePath[]): readonly string[] {
  assert.notEqual(document.root, null, JSON.stringify(document.faults));
  return paths.map((path) => {
    const at = document.positionOf(path);
    return `${at?.line}:${at?.column}`;
  });
}

test('keys of TOML are found in headers, quoted and dotted keys, inline tables and behind long strings', () => {
  const document = parseToml(
    [
      'top = """',
      '[mcp_servers.fake]',
      'a = "\\""" """ # [mcp_servers.fake]',
      "lit = '''",
      "[x]''''",
      '[mcp_servers."quo\\u0074ed.name"]',
      'command = 1',
      "  [mcp_servers.'b']",
      '  env.A = { K = "}", "L" = [ 1, # ]',
      '    { m = 2 } ] }',
      '[[list]]',
      'name = "one"',
      '[[list]]',
      'name = "two"',
      '[list.env]',
      'K = 2020-01-01T00:00:00Z',
    ].join('\r\n'),
  );
  assert.deepEqual(
    places(
      document,
      ['mcp_servers', 'quoted.name'],
      ['mcp_servers', 'quoted.name', 'command'],
      ['mcp_servers', 'b'],
      ['mcp_servers', 'b', 'env'],
      ['mcp_servers', 'b', 'env', 'A', 'K'],
      ['mcp_servers', 'b', 'env', 'A', 'L', 1, 'm'],
      ['list', 0, 'name'],
      ['list', 1, 'name'],
      ['list', 1, 'env', 'K'],
      ['list', 1, 'absent'],
    ),
    ['6:1', '7:1', '8:3', '9:3', '9:13', '10:7', '12:1', '14:1', '16:1', '13:1'],
  );
});

test('a problem of a TOML entry stands at its field, and a key given twice at the second place', () => {
  using home = new TempHome();
  const path = home.write('config.toml', '[mcp_servers.a]\ncommand = 7\n\n[mcp_servers]\nb = "x"\n');
  const problems = parseConfigFile('codex', path).problems.map(({ line, column }) => [line, column]);
  assert.deepEqual(problems, [
    [2, 1],
    [5, 1],
  ]);
  const twice = parseToml('[mcp_servers.a]\ncommand = "x"\n[mcp_servers.a]\n');
  assert.deepEqual([twice.faults[0]?.code, twice.faults[0]?.at], ['CONFIG_SYNTAX', { line: 3, column: 2 }]);
});

test('keys of YAML are found through aliases and merge keys, where they are written', () => {
  const document = parseYaml(
    'base: &b\n  env: {K: 1}\nextensions:\n  one:\n    <<: *b\n    cmd: x\n  two: *b\n  three: [a, {b: c}]\n',
  );
  assert.deepEqual(
    places(
      document,
      ['extensions', 'one', 'cmd'],
      ['extensions', 'one', 'env', 'K'],
      ['extensions', 'two', 'env'],
      ['extensions', 'three', 1, 'b'],
    ),
    ['6:5', '2:9', '2:3', '8:15'],
  );
});

test('lines end with LF, CR LF and CR alone; NEL and a byte order mark count for nothing', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    assert.deepEqual(places(parseJsonc(`{${end}"a": "\u0085",${end} "b": 1}`), ['b']), ['3:2']);
  }
  using home = new TempHome();
  const path = home.write('mcp.json', '\ufeff{"mcpServers": {"a": 7}}');
  assert.deepEqual(
    parseConfigFile('cursor', path).problems.map(({ column }) => column),
    [17],
  );
});

test('every malformed field is a problem at its own key, and the fields beside it are read', () => {
  using home = new TempHome();
  const path = home.write(
    'mcp.json',
    `{"mcpServers": {"a": {
"command": "x",
"args": ["one", {"two": 2}, 3, null],
"env": {"A": "1",
  "B": ["x"], "C": 2},
"cwd": 7,
"disabled": "yes",
"headers": 4,
"url": []
}, "b": {"command": "y"}}}`,
  );
  const parsed = parseConfigFile('cursor', path);
  assert.deepEqual(
    parsed.problems.map(({ code, line, column }) => `${code} ${line}:${column}`),
    ['3:17', '3:32', '9:1', '5:3', '8:1', '6:1', '7:1'].map((at) => `CONFIG_ENTRY_INVALID ${at}`),
  );
  const [first, second] = parsed.servers;
  assert.deepEqual(first?.args, ['one', '{"two":2}', '3', 'null']);
  assert.deepEqual([first?.env_keys, first?.disabled, second?.command], [['A', 'B', 'C'], null, 'y']);
});

test('a server map that is neither an object nor a list is a problem', () => {
  using home = new TempHome();
  const path = home.write('mcp.json', '{\n"mcpServers": "elsewhere.json"}');
  const [problem] = parseConfigFile('cursor', path).problems;
  assert.deepEqual([problem?.code, problem?.line], ['CONFIG_ENTRY_INVALID', 2]);
});

test('a server map whose key is written in other letters is not read, and that is said', () => {
  using home = new TempHome();
  const path = home.write(
    'mcp.json',
    '{"mcpServers": {"a": {"command": "x"}},\n"mcpservers": {"b": {"command": "y"}}}',
  );
  const parsed = parseConfigFile('cursor', path);
  assert.deepEqual([parsed.servers.length, parsed.problems.length, parsed.problems[0]?.line], [1, 1, 2]);
});
