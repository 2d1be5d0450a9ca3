import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findClient } from '../../../inventory/clients/catalogue.ts';
import { canonicalJson } from '../../../inventory/closure/jcs.ts';
import { findEntries } from '../../../inventory/config/containers.ts';
import { type ConfigFormat, formatOfPath, parseConfigBytes } from '../../../inventory/config/document.ts';
import { guardEntry, readGuardedEntry } from '../../../inventory/config/guarded-entry.ts';
import { seenThrough } from '../../../inventory/config/seen-entry.ts';
import { type ConfigObject, isObject, type ValuePath, valueAt } from '../../../inventory/config/value.ts';
import { editEntry } from '../../../inventory/editing/edit-entry.ts';
import { InventoryError } from '../../../inventory/errors.ts';

const GUARD = '/g';
const CORPUS = join(import.meta.dirname, '../../../../shared/corpus/mcp-configs');

function entryOf(bytes: Buffer, format: ConfigFormat, keys: ValuePath): ConfigObject {
  const entry = valueAt(parseConfigBytes(bytes, format, ['utf-8', 'utf-16']).document.root ?? {}, keys);
  assert.ok(isObject(entry));
  return entry;
}

function wrapped(bytes: Buffer, format: ConfigFormat, keys: ValuePath): Buffer {
  const options = { client: 'c', name: 'n', config: null, stateDir: null };
  const after = guardEntry(entryOf(bytes, format, keys), GUARD, options);
  assert.ok(after !== null);
  return editEntry({ bytes, format, encodings: ['utf-8', 'utf-16'] }, keys, after);
}

function unwrapped(bytes: Buffer, format: ConfigFormat, keys: ValuePath): Buffer {
  const guarded = readGuardedEntry(entryOf(bytes, format, keys));
  assert.ok(guarded !== null);
  return editEntry({ bytes, format, encodings: ['utf-8', 'utf-16'] }, keys, guarded.raw);
}

/** The entries of a wrapped config as the inventory sees them. */
function seenIn(bytes: Buffer, format: ConfigFormat, id: string) {
  const client = findClient(id);
  const accepted = { isGuard: (command: string) => command === GUARD, isStateDir: () => false };
  return findEntries(parseConfigBytes(bytes, format).document, client, [], false).entries.map((found) => {
    const place = { clients: new Set([id]), name: found.entry.name, path: '' };
    const { raw, entry } = seenThrough(found, client, place, accepted);
    return { raw, entry };
  });
}

const WORDS = '"guard","--client","c","--name","n","--",';
const spaced = WORDS.replaceAll(',', ', ');

interface Sample {
  readonly about: string;
  readonly format: ConfigFormat;
  readonly keys: ValuePath;
  readonly before: string;
  readonly after: string;
  /** The text after taking the guard away again; that of before unless given. */
  readonly again?: string;
}

const JSON_KEYS = ['mcpServers', 's'];
const SAMPLES: readonly Sample[] = [
  {
    about: 'JSON on several lines, with comments, tabs, CR LF and trailing commas',
    format: 'jsonc',
    keys: JSON_KEYS,
    before:
      '// top\r\n{\r\n\t"mcpServers": {\r\n\t\t"s": {\r\n\t\t\t"command": "npx", // runs it\r\n\t\t\t"args": ["-y", /* which */ "p",],\r\n\t\t},\r\n\t},\r\n}\r\n',
    after: `// top\r\n{\r\n\t"mcpServers": {\r\n\t\t"s": {\r\n\t\t\t"command": "/g", // runs it\r\n\t\t\t"args": [${spaced}"npx", "-y", /* which */ "p",],\r\n\t\t},\r\n\t},\r\n}\r\n`,
  },
  {
    about: 'JSON on one line',
    format: 'jsonc',
    keys: JSON_KEYS,
    before: '{"mcpServers":{"s":{"command":"npx","args":["a","b"]}}}',
    after: `{"mcpServers":{"s":{"command":"/g","args":[${WORDS}"npx","a","b"]}}}`,
  },
  {
    about: 'a list whose items stand on lines of their own',
    format: 'jsonc',
    keys: JSON_KEYS,
    before: '{"mcpServers": {"s": {\n  "command": "npx",\n  "args": [\n    "a",\n    "b"\n  ]\n}}}\n',
    after: `{"mcpServers": {"s": {\n  "command": "/g",\n  "args": [\n    ${WORDS.replaceAll(',', ',\n    ')}"npx",\n    "a",\n    "b"\n  ]\n}}}\n`,
  },
  {
    about: 'no arguments at all',
    format: 'jsonc',
    keys: JSON_KEYS,
    before: '{\n  "mcpServers": {\n    "s": {\n      "command": "x", // c\n      "env": {}\n    }\n  }\n}',
    after: `{\n  "mcpServers": {\n    "s": {\n      "command": "/g",\n      "args": [${spaced.replace('"--"', '"--no-args", "--"')}"x"], // c\n      "env": {}\n    }\n  }\n}`,
  },
  {
    about: 'an empty list of arguments',
    format: 'jsonc',
    keys: JSON_KEYS,
    before: '{ "mcpServers": { "s": { "command": "x", "args": [] } } }',
    after: `{ "mcpServers": { "s": { "command": "/g", "args": [${spaced}"x"] } } }`,
  },
  {
    about: 'one list for command and arguments',
    format: 'jsonc',
    keys: ['mcp', 's'],
    before: '{ "mcp": { "s": { "type": "local", "command": ["x", "y"] } } }',
    after: `{ "mcp": { "s": { "type": "local", "command": ["/g", ${spaced}"x", "y"] } } }`,
  },
  {
    about: 'a command that is an object',
    format: 'jsonc',
    keys: ['context_servers', 's'],
    before: '{ "context_servers": { "s": { "command": { "path": "x", "args": ["y"], "env": {} } } } }',
    after: `{ "context_servers": { "s": { "command": { "path": "/g", "args": [${spaced}"x", "y"], "env": {} } } } }`,
  },
  {
    about: 'a remote server',
    format: 'jsonc',
    keys: JSON_KEYS,
    before:
      '{\n  "mcpServers": {\n    "s": {\n      "type": "http",\n      "url": "https://h/m",\n      "timeout": 5\n    }\n  }\n}\n',
    after:
      '{\n  "mcpServers": {\n    "s": {\n      "type": "stdio",\n      "command": "/g",\n      "args": ["guard", "--client", "c", "--name", "n", "--remote", "{\\"type\\":\\"http\\",\\"url\\":\\"https://h/m\\"}"],\n      "timeout": 5\n    }\n  }\n}\n',
  },
  {
    about: 'a TOML table, its neighbours and its comments',
    format: 'toml',
    keys: ['mcp_servers', 's'],
    before:
      '# top\nmodel = "m"\n\n[mcp_servers.s]\ncommand = "npx" # runs\nargs = [ "-y",\n  "p", # which\n]\n\n[mcp_servers.s.env]\nA = "1"\n[mcp_servers.t]\ncommand = "npx"\n',
    after: `# top\nmodel = "m"\n\n[mcp_servers.s]\ncommand = "/g" # runs\nargs = [ ${WORDS.replaceAll(',', ',\n  ')}"npx",\n  "-y",\n  "p", # which\n]\n\n[mcp_servers.s.env]\nA = "1"\n[mcp_servers.t]\ncommand = "npx"\n`,
  },
  {
    about: 'a TOML table without arguments',
    format: 'toml',
    keys: ['mcp_servers', 's'],
    before: "[mcp_servers.s]\ncommand = 'x'\n\n[mcp_servers.s.env]\nA = '1'\n",
    after: `[mcp_servers.s]\ncommand = "/g"\nargs = [${spaced.replace('"--"', '"--no-args", "--"')}"x"]\n\n[mcp_servers.s.env]\nA = '1'\n`,
    again: `[mcp_servers.s]\ncommand = "x"\n\n[mcp_servers.s.env]\nA = '1'\n`,
  },
  {
    about: 'an inline TOML table',
    format: 'toml',
    keys: ['mcp_servers', 's'],
    before: 'mcp_servers = { s = { command = "x", args = ["y"] } }\n',
    after: `mcp_servers = { s = { command = "/g", args = [${spaced}"x", "y"] } }\n`,
  },
  {
    about: 'dotted TOML keys',
    format: 'toml',
    keys: ['mcp_servers', 's'],
    before: 'mcp_servers.s.url = "https://h"\nmcp_servers.t.url = "https://i"\n',
    after:
      'mcp_servers.s.command = "/g"\nmcp_servers.s.args = ["guard", "--client", "c", "--name", "n", "--remote", "{\\"url\\":\\"https://h\\"}"]\nmcp_servers.t.url = "https://i"\n',
  },
  {
    about: 'a TOML array of tables',
    format: 'toml',
    keys: ['mcp_servers', 1],
    before:
      '[[mcp_servers]]\nname = "a"\ncommand = "x"\n[[mcp_servers]]\nname = "b"\ncommand = "y"\nargs = []\n',
    after: `[[mcp_servers]]\nname = "a"\ncommand = "x"\n[[mcp_servers]]\nname = "b"\ncommand = "/g"\nargs = [${spaced}"y"]\n`,
  },
  {
    about: 'YAML blocks with comments',
    format: 'yaml',
    keys: ['extensions', 's'],
    before:
      '# top\nextensions:\n  s:   # one\n    cmd: npx # runs\n    args:\n      # which\n      - -y\n      - p\n    env: {}\nother: 1\n',
    after: `# top\nextensions:\n  s:   # one\n    cmd: "/g" # runs\n    args:\n      # which\n${[...WORDS.split(',').slice(0, -1), '"npx"'].map((word) => `      - ${word}\n`).join('')}      - -y\n      - p\n    env: {}\nother: 1\n`,
    again:
      '# top\nextensions:\n  s:   # one\n    cmd: "npx" # runs\n    args:\n      # which\n      - -y\n      - p\n    env: {}\nother: 1\n',
  },
  {
    about: 'a YAML list of servers, without arguments',
    format: 'yaml',
    keys: ['mcpServers', 0],
    before: 'mcpServers:\n- name: s\n  command: "x"\n- name: t\n  command: "x"\n',
    after: `mcpServers:\n- name: s\n  command: "/g"\n  args: [${spaced.replace('"--"', '"--no-args", "--"')}"x"]\n- name: t\n  command: "x"\n`,
  },
  {
    about: 'a remote server in YAML',
    format: 'yaml',
    keys: ['extensions', 's'],
    before: 'extensions:\n  s:\n    uri: "https://h"\n    type: "sse"\n',
    after:
      'extensions:\n  s:\n    cmd: "/g"\n    args: ["guard", "--client", "c", "--name", "n", "--remote", "{\\"type\\":\\"sse\\",\\"uri\\":\\"https://h\\"}"]\n    type: "stdio"\n',
  },
];

for (const { about, format, keys, before, after, again } of SAMPLES) {
  test(`an entry is edited where it stands, and all else is kept: ${about}`, () => {
    const edited = wrapped(Buffer.from(before), format, keys);
    assert.equal(edited.toString(), after);
    assert.equal(unwrapped(edited, format, keys).toString(), again ?? before);
  });
}

test('a byte order mark and UTF-16 are kept', () => {
  const text = '\ufeff{"mcpServers":{"s":{"command":"é","args":["y"]}}}';
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const bytes = Buffer.from(text, encoding);
    const edited = wrapped(bytes, 'jsonc', JSON_KEYS);
    assert.deepEqual(edited.subarray(0, 2), bytes.subarray(0, 2));
    assert.match(edited.toString(encoding), /"--", "é", "y"/);
    assert.deepEqual(unwrapped(edited, 'jsonc', JSON_KEYS), bytes);
  }
});

const REFUSED: Readonly<Record<string, { format: ConfigFormat; keys: ValuePath; text: string }>> = {
  'what comes out of a merge key': {
    format: 'yaml',
    keys: ['mcpServers', 's'],
    text: 'base: &b\n  command: x\nmcpServers:\n  s:\n    <<: *b\n    env: {}\n',
  },
  'an entry that is an alias': {
    format: 'yaml',
    keys: ['mcpServers', 's'],
    text: 'base: &b\n  command: x\n  args: [y]\nmcpServers:\n  s: *b\n',
  },
  'a value that others repeat by an alias': {
    format: 'yaml',
    keys: ['mcpServers', 's'],
    text: 'mcpServers:\n  s:\n    command: &c x\n    args: [y]\n  t:\n    command: *c\n',
  },
  'a text over several lines': {
    format: 'yaml',
    keys: ['mcpServers', 's'],
    text: 'mcpServers:\n  s:\n    command: >\n      x\n    args: [y]\n',
  },
  'a file with a byte that is no UTF-8': {
    format: 'jsonc',
    keys: JSON_KEYS,
    text: '{"mcpServers":{"s":{"command":"x","args":["\udcff"]}}}',
  },
};

for (const [about, { format, keys, text }] of Object.entries(REFUSED)) {
  test(`refused, and nothing else changed with it: ${about}`, () => {
    const bytes = text.includes('\udcff')
      ? Buffer.concat(
          text
            .split('\udcff')
            .flatMap((part, at) =>
              at === 0 ? [Buffer.from(part)] : [Buffer.from([0xff]), Buffer.from(part)],
            ),
        )
      : Buffer.from(text);
    assert.throws(
      () => wrapped(bytes, format, keys),
      (error) => error instanceof InventoryError && error.code === 'INVENTORY_EDIT_REFUSED',
    );
  });
}

if (!existsSync(CORPUS)) {
  test('the entries of real configs are edited and taken back', { skip: `NO CORPUS at ${CORPUS}` }, () => {});
} else {
  test('the entries of real configs are edited one by one, and taken back to the same bytes', () => {
    let edited = 0;
    for (const folder of readdirSync(CORPUS)) {
      const directory = join(CORPUS, folder);
      const file = readdirSync(directory).find((name) => name.startsWith('config.')) ?? '';
      const format = formatOfPath(file);
      const { client } = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
      const bytes = readFileSync(join(directory, file));
      const { document, valid } = parseConfigBytes(bytes, format);
      if (!valid) continue;
      const { entries } = findEntries(document, findClient(client), [], false);
      for (const [index, { raw, keys, entry }] of entries.entries()) {
        const options = { client, name: entry.name, config: null, stateDir: null };
        const after = isObject(raw) ? guardEntry(raw, GUARD, options) : null;
        if (after === null) continue;
        const config = { bytes, format };
        const there = editEntry(config, keys, after);
        assert.deepEqual(seenIn(there, format, client)[index], { raw, entry }, folder);
        const back = unwrapped(there, format, keys);
        const isPlain = format !== 'yaml' || /command: "|cmd: "/.test(bytes.toString());
        if (isPlain && !/\[\s+\]|'/.test(bytes.toString()))
          assert.equal(back.toString(), bytes.toString(), folder);
        assert.equal(canonicalJson(entryOf(back, format, keys)), canonicalJson(raw), folder);
        edited += 1;
      }
    }
    assert.ok(edited > 150, `${edited}`);
  });
}
