import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigFormat, parseConfigBytes } from '../../../inventory/config/document.ts';
import { parseJsonc } from '../../../inventory/config/jsonc.ts';
import { parseConfigFile } from '../../../inventory/config/parse-file.ts';
import { parseToml } from '../../../inventory/config/toml.ts';
import { parseYaml } from '../../../inventory/config/yaml.ts';
import { MAX_CONFIG_DEPTH, MAX_PROBLEMS_PER_FILE, MAX_SERVERS_PER_FILE } from '../../../inventory/limits.ts';
import { TempHome } from '../temp-home.ts';

test('depth is refused where it is passed, whatever makes it', () => {
  const deep = (format: ConfigFormat, text: string) => {
    const { document } = parseConfigBytes(Buffer.from(text), format);
    assert.equal(document.root, null);
    assert.equal(document.faults[0]?.code, 'CONFIG_TOO_DEEP', `${format} ${text.slice(0, 20)}`);
    assert.ok(document.faults[0]?.at);
  };
  deep('jsonc', `{"a":${'['.repeat(100_000)}`);
  deep('jsonc', `{"a":${'[}'.repeat(100_000)}`);
  deep('jsonc', `{"a":${']'.repeat(100_000)}${'['.repeat(100_000)}`);
  deep('toml', `a = ${'['.repeat(100_000)}`);
  deep('toml', `a = ${'{a='.repeat(100_000)}`);
  deep('toml', `[${'a.'.repeat(100_000)}a]`);
  deep('toml', `${'a.'.repeat(100_000)}a = 1`);
  deep('yaml', `a: ${'['.repeat(100_000)}`);
  deep('yaml', '- '.repeat(100_000));
  deep('yaml', 'a: &a {b: *a}');
  assert.notEqual(
    parseToml(`a = ${'['.repeat(MAX_CONFIG_DEPTH - 1)}${']'.repeat(MAX_CONFIG_DEPTH - 1)}`).root,
    null,
  );
});

test('prototype keys stay plain keys in every format, merged ones too, and their entries are refused', () => {
  using home = new TempHome();
  const files = [
    [
      'codex',
      'a.toml',
      '[mcp_servers.good]\ncommand="x"\n[mcp_servers.bad.env]\n"__proto__"="x"\n[mcp_servers.constructor]\ncommand="x"\n',
    ],
    [
      'goose',
      'a.yaml',
      'b: &b {__proto__: {c: 1}}\nextensions:\n  good: {cmd: x}\n  bad: {<<: *b}\n  prototype: {cmd: x}\n',
    ],
    [
      'goose',
      'b.yaml',
      'extensions:\n  good: {cmd: x}\n  bad: {? !<constructor> a : b, constructor: 1}\n  __proto__: {cmd: x}\n',
    ],
  ] as const;
  for (const [client, name, text] of files) {
    const parsed = parseConfigFile(client, home.write(name, text));
    const seen = parsed.problems.map(({ code }) => code);
    if (name !== 'b.yaml') {
      assert.deepEqual(
        parsed.servers.map((server) => server.name),
        ['good'],
        name,
      );
      assert.deepEqual(seen, ['CONFIG_FORBIDDEN_KEY', 'CONFIG_FORBIDDEN_KEY'], name);
    }
    assert.ok(parsed.problems.every(({ line }) => line !== null));
  }
  assert.equal(({} as { c?: unknown }).c, undefined);
});

test('YAML that names what it may not is a problem with a place', () => {
  const unknown = parseYaml('a: 1\nb: *c\n');
  assert.deepEqual([unknown.root, unknown.faults[0]?.at], [null, { line: 2, column: 4 }]);
  const merged = parseYaml('a: &a [1]\nextensions:\n  b: {<<: *a, cmd: x}\n  c: {<<: 7, cmd: y}\n');
  assert.deepEqual(
    merged.faults.map(({ code, at }) => [code, at?.line]),
    [
      ['CONFIG_ENTRY_INVALID', 3],
      ['CONFIG_ENTRY_INVALID', 4],
    ],
  );
  assert.equal(JSON.stringify(merged.root?.['extensions']), '{"b":{"cmd":"x"},"c":{"cmd":"y"}}');
  const second = parseYaml('a: 1\n---\nb: 2\n');
  assert.deepEqual([JSON.stringify(second.root), second.faults[0]?.code], ['{"a":1}', 'CONFIG_SYNTAX']);
});

test('merge keys fill in what a map does not say itself, the first source first', () => {
  const { root } = parseYaml('x: &x {a: 1, b: 1}\ny: &y {a: 2, c: 2}\nz: {a: 0, <<: [*x, *y], c: 3}\n');
  assert.equal(JSON.stringify(root?.['z']), '{"a":0,"b":1,"c":3}');
});

test('one bad element, null or repeated name never hides its neighbours', () => {
  using home = new TempHome();
  const list = home.write(
    'config.yaml',
    'mcpServers:\n- {name: a, command: x}\n- 7\n- null\n- {command: y}\n- {name: a, command: z}\n',
  );
  const parsed = parseConfigFile('continue', list);
  assert.deepEqual(
    parsed.servers.map(({ name, command }) => [name, command]),
    [
      ['a', 'x'],
      ['#3', 'y'],
      ['a', 'z'],
    ],
  );
  assert.deepEqual(
    parsed.problems.map(({ line }) => line),
    [3, 4],
  );
  const ws = home.write('mcp.json', '{"mcpServers":{"w":{"type":"ws","url":"ws://h"},"b":{"command":"x"}}}');
  const both = parseConfigFile('claude-code', ws);
  assert.deepEqual(
    both.servers.map(({ name, transport }) => [name, transport]),
    [
      ['w', 'unknown'],
      ['b', 'stdio'],
    ],
  );
  assert.deepEqual(both.problems, []);
});

test('servers and problems past their limits are counted out loud', () => {
  using home = new TempHome();
  const many = Array.from(
    { length: MAX_SERVERS_PER_FILE + 1 },
    (_, index) => `"s${index}":{"command":${index}}`,
  );
  const parsed = parseConfigFile('cursor', home.write('mcp.json', `{"mcpServers":{${many.join(',\n')}}}`));
  assert.equal(parsed.servers.length, MAX_SERVERS_PER_FILE);
  assert.equal(parsed.problems[MAX_PROBLEMS_PER_FILE - 1]?.code, 'CONFIG_TOO_MANY_PROBLEMS');
  assert.deepEqual(
    parsed.problems.slice(MAX_PROBLEMS_PER_FILE).map(({ code, line }) => [code, line]),
    [['CONFIG_TOO_MANY_SERVERS', MAX_SERVERS_PER_FILE + 1]],
  );
});

test('UTF-16 is no fault where the client reads it, and its servers are listed where it does not', () => {
  const text = '\ufeff{"mcpServers": {"é": {"command": "x"}}}';
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  for (const bytes of [little, big]) {
    const taken = parseConfigBytes(bytes, 'jsonc', ['utf-8', 'utf-16']);
    assert.deepEqual([taken.valid, taken.faults], [true, []]);
    const refused = parseConfigBytes(bytes, 'jsonc');
    assert.deepEqual([refused.valid, refused.faults.map(({ code }) => code)], [false, ['CONFIG_NOT_UTF8']]);
    assert.equal(JSON.stringify(refused.document.root), JSON.stringify(taken.document.root));
    const odd = parseConfigBytes(bytes.subarray(0, -1), 'jsonc', ['utf-16']);
    assert.deepEqual(
      odd.faults.map(({ code, at }) => [code, at]),
      [['CONFIG_NOT_UTF8', { line: 1, column: text.length - 1 }]],
    );
  }
});

test('a null byte is a fault with its place', () => {
  const fault = parseJsonc('{"a":\0 1}').faults[0];
  assert.deepEqual([fault?.code, fault?.at], ['CONFIG_SYNTAX', { line: 1, column: 6 }]);
});
