import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TempDirectory } from '../temp-directory.ts';
import { runBuilt } from './built.ts';

const GUARD = fileURLToPath(new URL('../../bin/sealwatch', import.meta.url));

class Host extends TempDirectory {
  readonly config = this.write(
    'home/.claude.json',
    '{\n  // mine\n  "mcpServers": {\n    "files": {"command": "sh", "args": ["/srv/run.sh", "x"]},\n    "off": {"command": "sh", "disabled": true},\n  }\n}\n',
  );
  readonly before = readFileSync(this.config, 'utf8');

  run(verb: string, ...args: readonly string[]) {
    return runBuilt([verb, ...args, '--home', this.at('home'), '--state-dir', this.at('state')]);
  }

  stateOf(name: string): string {
    const { json } = this.run('show', name, '--json');
    return json().state;
  }
}

test('an approval stays valid when its server is wrapped and unwrapped, and is void once the words behind the guard change', () => {
  using host = new Host();
  assert.equal(host.run('approve', 'claude-code/files', '--yes').status, 0);
  const before = host.run('show', 'claude-code/files', '--json').json();
  const wrapped = host.run('wrap', 'claude-code/files');
  assert.equal(wrapped.status, 0, wrapped.stderr);
  const { args } = JSON.parse(readFileSync(host.config, 'utf8').replace(/\/\/ mine|,(?=\s*\})/g, ''))
    .mcpServers.files;
  assert.deepEqual(args.slice(-4), ['--', 'sh', '/srv/run.sh', 'x']);
  assert.match(readFileSync(host.config, 'utf8'), new RegExp(`"command": "${GUARD}"`));
  const after = host.run('show', 'claude-code/files', '--json').json();
  assert.deepEqual(
    [before.state, before.guarded, after.state, after.guarded],
    ['approved', false, 'approved', true],
  );
  assert.deepEqual([after.id, after.closure.digest], [before.id, before.closure.digest]);
  assert.match(host.run('verify').stdout, /claude-code\/files: approved/);
  const text = readFileSync(host.config, 'utf8');
  writeFileSync(host.config, text.replace('"/srv/run.sh"', '"/srv/evil.sh"'));
  assert.equal(host.stateOf('claude-code/files'), 'drifted');
  writeFileSync(host.config, text.replace(GUARD, '/tmp/bin/sealwatch'));
  assert.equal(host.stateOf('claude-code/files'), 'drifted');
  writeFileSync(host.config, text);
  assert.equal(host.run('unwrap', 'claude-code/files').status, 0);
  assert.equal(readFileSync(host.config, 'utf8'), host.before);
  assert.equal(host.stateOf('claude-code/files'), 'approved');
});

test('a dry run shows a diff and changes nothing; a second run has nothing to do', () => {
  using host = new Host();
  const dry = host.run('wrap', '--all', '--dry-run');
  assert.equal(dry.status, 0);
  assert.match(dry.stdout, /^--- .*\.claude\.json\n\+\+\+ .*\n@@ /);
  assert.match(dry.stdout, /^-.*"files": \{"command": "sh"/m);
  assert.match(dry.stdout, /^\+.*"--", "sh", "\/srv\/run.sh", "x"\]/m);
  assert.match(dry.stdout, /^would be wrapped {2}claude-code\/files/m);
  assert.match(dry.stdout, /^left {14}claude-code\/off {4}it is disabled/m);
  assert.equal(readFileSync(host.config, 'utf8'), host.before);
  assert.equal(host.run('wrap', '--all').status, 0);
  const again = host.run('wrap', '--all');
  assert.deepEqual([again.status, again.stderr], [0, 'nothing to do\n']);
  assert.match(again.stdout, /^already {2}claude-code\/files/m);
});

test('a program is told of each entry and each file, with the backup and the diff', () => {
  using host = new Host();
  const { status, json } = host.run('wrap', '--client', 'claude-code', '--json');
  assert.equal(status, 0);
  const { verb, dry_run, servers, files } = json();
  assert.deepEqual([verb, dry_run], ['wrap', false]);
  assert.deepEqual(
    servers.map(({ name, outcome, code }: Record<string, string>) => [name, outcome, code]),
    [
      ['files', 'changed', null],
      ['off', 'left', 'GUARD_ENTRY_UNFIT'],
    ],
  );
  assert.equal(files[0].path, host.config);
  assert.equal(readFileSync(files[0].backup, 'utf8'), host.before);
  assert.match(files[0].diff, /^\+.*"guard"/m);
});

test('what was asked for by name and cannot be done ends in 1, and a selection that says nothing in 2', () => {
  using host = new Host();
  assert.equal(host.run('wrap', 'claude-code/off').status, 1);
  assert.equal(host.run('wrap', 'claude-code/none').status, 2);
  assert.equal(host.run('wrap', 'claude-code/files', '--client', 'cursor').status, 2);
  for (const args of [[], ['claude-code/files', '--all']]) {
    const { status, stdout, stderr } = host.run('wrap', ...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /CLI_USAGE/);
  }
  assert.equal(readFileSync(host.config, 'utf8'), host.before);
});

test('a project can be wrapped alone', () => {
  using host = new Host();
  const config = host.write('home/work/.mcp.json', { mcpServers: { p: { command: 'true', args: [] } } });
  const { status, stdout } = host.run('wrap', '--project', host.at('home/work'));
  assert.equal(status, 0);
  assert.match(stdout, /^wrapped {2}claude-code\/p/);
  assert.match(readFileSync(config, 'utf8'), /"guard"/);
  assert.equal(readFileSync(host.config, 'utf8'), host.before);
});
