import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RewriteOutcome, type RewriteRequest, rewriteConfigs } from '../../../guard/index.ts';
import { TempHome } from '../../inventory/temp-home.ts';

/** A home whose servers are wrapped and unwrapped by a guard of its own. */
class WrapHome extends TempHome {
  readonly guard = this.write('opt/bin/sealwatch', '#!/bin/sh\n', 0o755);
  readonly stateDir = join(this.path, 'state');

  async rewrite(verb: 'wrap' | 'unwrap', more: Partial<RewriteRequest> = {}): Promise<RewriteOutcome> {
    const { servers } = await this.scan({
      guards: [this.guard],
      guardStateDir: this.stateDir,
      roots: [join(this.path, 'work')].filter((root) => existsSync(root)),
    });
    return rewriteConfigs({
      verb,
      servers: servers.filter(({ server }) => more.servers === undefined || server.name.startsWith('s')),
      all: servers,
      guard: this.guard,
      guards: [this.guard],
      stateDir: this.stateDir,
      findsStateDir: () => true,
      now: new Date(),
      isDry: false,
      ...more,
    });
  }

  async outcomes(verb: 'wrap' | 'unwrap'): Promise<Readonly<Record<string, string>>> {
    const { entries } = await this.rewrite(verb);
    return Object.fromEntries(
      entries.map(({ found: { server }, outcome }) => [
        server.name,
        'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind,
      ]),
    );
  }

  backups(): readonly string[] {
    const directory = join(this.stateDir, 'backups');
    if (!existsSync(directory)) return [];
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }
}

const read = (path: string) => readFileSync(path, 'utf8');
const CURSOR = '.cursor/mcp.json';
const TWO =
  '{\n  "mcpServers": {\n    "a": {"command": "x", "args": [ ]},\n    "b": {"command": \t"y"}\n  }\n}\n';

test('what was wrapped is unwrapped to the same bytes, whatever the format', async () => {
  using home = new WrapHome();
  const files = [
    home.write(CURSOR, TWO),
    home.write(
      '.config/Code/User/settings.json',
      '// c\r\n{"mcp.servers": {"v": {"command": "true", "args": ["\\u0061"],},}}',
    ),
    home.write('.codex/config.toml', "[mcp_servers.x]\ncommand = 'true' # c\nargs = [\n  'y',\n]\n"),
    home.write(
      '.config/goose/config.yaml',
      "extensions:\n  g:\n    cmd: true-ish\n    args: ['it''s', y]\n  h:\n    cmd: z\n",
    ),
  ];
  const before = files.map(read);
  await home.rewrite('wrap');
  assert.ok(files.every((file, index) => read(file) !== before[index]));
  await home.rewrite('unwrap');
  assert.deepEqual(files.map(read), before);
});

test('an entry is restored as it was written, though the rest of the file changed meanwhile', async () => {
  using home = new WrapHome();
  const text = "extensions:\n  g:\n    cmd: 'true' # which\n    args: ['y']\n";
  const file = home.write('.config/goose/config.yaml', text);
  await home.rewrite('wrap');
  writeFileSync(file, `theme: dark\n${read(file)}other: 1\n`);
  await home.rewrite('unwrap');
  assert.equal(read(file), `theme: dark\n${text}other: 1\n`);
});

test('without a backup an entry says the same as before', async () => {
  using home = new WrapHome();
  const file = home.write(
    '.config/goose/config.yaml',
    "extensions:\n  g:\n    cmd: 'true' # which\n    args: ['y']\n",
  );
  await home.rewrite('wrap');
  rmSync(join(home.stateDir, 'backups'), { recursive: true });
  await home.rewrite('unwrap');
  assert.equal(read(file), 'extensions:\n  g:\n    cmd: "true" # which\n    args: [\'y\']\n');
});

test('a backup that is not what its manifest says is not believed', async () => {
  using home = new WrapHome();
  const text = "extensions:\n  g:\n    cmd: 'x'\n    args: ['y']\n";
  const file = home.write('.config/goose/config.yaml', text);
  await home.rewrite('wrap');
  const [backup = ''] = home.backups().filter((path) => !path.endsWith('.manifest.json'));
  writeFileSync(backup, text.replace("'x'", 'x'));
  await home.rewrite('unwrap');
  assert.equal(read(file), text.replace("'x'", '"x"'));
});

test('what was changed behind the guard stays changed when it is taken away', async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, '{"mcpServers": {"a": {"command": "x", "args": ["old"]}}}');
  await home.rewrite('wrap');
  writeFileSync(file, read(file).replace('"old"', '"new"'));
  await home.rewrite('unwrap');
  assert.equal(read(file), '{"mcpServers": {"a": {"command": "x", "args": ["new"]}}}');
});

test('a second run finds nothing to do', async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  assert.deepEqual(await home.outcomes('wrap'), { a: 'changed', b: 'changed' });
  const once = read(file);
  assert.deepEqual(await home.outcomes('wrap'), { a: 'settled', b: 'settled' });
  assert.equal(read(file), once);
  assert.equal(home.backups().length, 2);
  await home.rewrite('unwrap');
  assert.deepEqual(await home.outcomes('unwrap'), { a: 'settled', b: 'settled' });
});

test('a dry run tells what would change and touches nothing', async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  const { files } = await home.rewrite('wrap', { isDry: true });
  assert.equal(files[0]?.before.toString(), TWO);
  assert.match(files[0]?.after.toString() ?? '', /"guard"/);
  assert.deepEqual([read(file), home.backups(), files[0]?.backup], [TWO, [], null]);
});

test('a config keeps its mode and its link, and is kept before, for its owner alone', async () => {
  using home = new WrapHome();
  const file = home.write('dotfiles/mcp.json', TWO);
  chmodSync(file, 0o640);
  home.write('.cursor/other', '');
  symlinkSync(file, join(home.path, CURSOR));
  await home.rewrite('wrap');
  assert.ok(lstatSync(join(home.path, CURSOR)).isSymbolicLink());
  assert.match(read(file), /"guard"/);
  assert.equal(statSync(file).mode & 0o7777, 0o640);
  assert.deepEqual(readdirSync(join(home.path, 'dotfiles')), ['mcp.json']);
  const [backup = '', manifest = ''] = [...home.backups()].sort();
  assert.deepEqual([read(backup), statSync(backup).mode & 0o777], [TWO, 0o600]);
  const { path, verb, servers } = JSON.parse(read(manifest));
  assert.deepEqual([path, verb, servers.length], [join(home.path, CURSOR), 'wrap', 2]);
});

test('a config of another user stays that user’s', {
  skip: process.getuid?.() !== 0 && 'NOT ROOT',
}, async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  chmodSync(home.path, 0o755);
  chownSync(join(home.path, '.cursor'), 12_345, 12_346);
  chownSync(file, 12_345, 12_346);
  assert.deepEqual(await home.outcomes('wrap'), { a: 'changed', b: 'changed' });
  const { uid, gid } = statSync(file);
  assert.deepEqual([uid, gid, process.geteuid?.()], [12_345, 12_346, 0]);
});

test('root writes with the rights of the owner, where that one could not write', {
  skip: process.getuid?.() !== 0 && 'NOT ROOT',
}, async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  chmodSync(home.path, 0o755);
  chownSync(file, 12_345, 12_346);
  const { a = '' } = await home.outcomes('wrap');
  assert.match(a, /^refused: .*cannot be replaced: EACCES/);
  assert.equal(read(file), TWO);
});

test('a config with another hard link is left alone', async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  linkSync(file, join(home.path, 'second'));
  const { a = '' } = await home.outcomes('wrap');
  assert.match(a, /^refused: .*hard links/);
  assert.equal(read(file), TWO);
});

test('where no backup can be kept nothing is edited', async () => {
  using home = new WrapHome();
  const file = home.write(CURSOR, TWO);
  home.write('state', 'a file');
  const { entries } = await home.rewrite('wrap');
  assert.deepEqual(
    entries.map(({ outcome }) => 'code' in outcome && outcome.code),
    ['GUARD_BACKUP_FAILED', 'GUARD_BACKUP_FAILED'],
  );
  assert.equal(read(file), TWO);
});

test('one entry is edited for all clients that read it', async () => {
  using home = new WrapHome();
  home.write('.cursor/cli-config.json', {});
  const file = home.write('work/.mcp.json', { mcpServers: { p: { command: 'x', args: [] } } });
  const { entries } = await home.rewrite('wrap');
  assert.deepEqual(entries.map(({ found, outcome }) => [found.server.client, outcome.kind]).sort(), [
    ['claude-code', 'changed'],
    ['cursor', 'changed'],
  ]);
  assert.equal(JSON.parse(read(file)).mcpServers.p.args.filter((word: string) => word === 'guard').length, 1);
  assert.deepEqual(await home.outcomes('wrap'), { p: 'settled' });
});

test('the guard is told of the config where names alone do not tell, and of a state directory that is not the user’s own', async () => {
  using home = new WrapHome();
  const file = home.write('work/a/.mcp.json', { mcpServers: { p: { command: 'x', args: [] } } });
  home.write('work/b/.mcp.json', { mcpServers: { p: { command: 'x', args: [] } } });
  await home.rewrite('wrap', { findsStateDir: () => false });
  assert.deepEqual(JSON.parse(read(file)).mcpServers.p.args.slice(0, -2), [
    ...['guard', '--client', 'claude-code', '--name', 'p'],
    ...['--config', file, '--state-dir', home.stateDir],
  ]);
  assert.deepEqual(await home.outcomes('wrap'), { p: 'settled' });
});

test('what cannot be wrapped is told with its reason, and the rest is wrapped all the same', async () => {
  using home = new WrapHome();
  const other = home.write('other/bin/sealwatch', '#!/bin/sh\n', 0o755);
  const words = ['guard', '--client', 'cursor', '--name'];
  home.write(CURSOR, {
    mcpServers: {
      plain: { command: 'x' },
      remote: { url: 'https://h.example/mcp' },
      headers: { url: 'https://h.example/mcp', headers: { Authorization: 'Bearer x' } },
      token: { url: 'https://h.example/mcp', bearer_token_env_var: 'X' },
      query: { url: 'https://h.example/mcp?api_key=abcdefghijklmnop1234' },
      person: { url: 'https://me:pass@h.example/mcp' },
      socket: { url: 'ws://h.example/mcp' },
      off: { command: 'x', disabled: true },
      nothing: { type: 'stdio' },
      args: { command: 'x', args: 'y' },
      foreign: { command: other, args: [...words, 'foreign', '--', 'x'] },
      renamed: { command: home.guard, args: [...words, 'former', '--', 'x'] },
      strange: { command: home.guard, args: ['guard', '--', 'x'] },
    },
  });
  home.write('.config/Claude/Claude Extensions/e/manifest.json', {
    name: 'extension',
    server: { mcp_config: { command: 'x', args: [] } },
  });
  const { plain, remote, ...refused } = await home.outcomes('wrap');
  assert.deepEqual([plain, remote], ['changed', 'changed']);
  const expected: Readonly<Record<string, RegExp>> = {
    headers: /^refused: .*"headers"/,
    token: /^refused: .*"bearer_token_env_var"/,
    query: /^refused: its url holds a secret/,
    person: /^refused: its url holds a secret/,
    socket: /^refused: its url is neither/,
    off: /^left: it is disabled/,
    nothing: /^refused: it names neither/,
    args: /^refused: it names neither/,
    foreign: /^refused: .*another installation/,
    renamed: /^refused: .*under another name/,
    strange: /^refused: .*words that/,
    extension: /^refused: .*extension or plugin/,
  };
  assert.deepEqual(Object.keys(refused).sort(), Object.keys(expected).sort());
  for (const [name, pattern] of Object.entries(expected)) assert.match(refused[name] ?? '', pattern, name);
});

test('a guard under a former name can be taken away', async () => {
  using home = new WrapHome();
  const args = ['guard', '--client', 'cursor', '--name', 'former', '--', 'x', 'y'];
  const file = home.write(CURSOR, { mcpServers: { now: { command: home.guard, args } } });
  assert.deepEqual(await home.outcomes('unwrap'), { now: 'changed' });
  assert.deepEqual(JSON.parse(read(file)), { mcpServers: { now: { command: 'x', args: ['y'] } } });
});
