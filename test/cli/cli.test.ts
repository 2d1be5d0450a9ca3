import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { serverSchema } from '../../wire/index.ts';
import { TempDirectory } from '../temp-directory.ts';
import { runBuilt } from './built.ts';

const sealwatch = (...args: readonly string[]) => runBuilt(args);

class Host extends TempDirectory {
  readonly selection = ['--home', this.at('home'), '--state-dir', this.at('state')] as const;

  servers(servers: object): this {
    this.write('home/.claude.json', { mcpServers: servers });
    return this;
  }
}
const FILES = { files: { command: 'true' } };

test('an empty home has nothing to find', () => {
  using host = new Host();
  host.write('home/.keep', '');
  const { status, json, stderr } = sealwatch('scan', '--json', ...host.selection);
  assert.deepEqual([status, json(), stderr], [0, { servers: [], problems: [], controls: [] }, '']);
});

test('a scan with findings or problems ends in 1, and its servers are complete', () => {
  using host = new Host();
  host.servers({ x: { command: 'npx', args: ['-y', 'some-package'] } });
  host.write('home/.cursor/mcp.json', '{');
  const { status, json } = sealwatch('scan', '--json', ...host.selection);
  assert.equal(status, 1);
  const answer = json();
  assert.equal(serverSchema.parse(answer.servers[0]).state, 'pending');
  assert.deepEqual(Object.keys(answer.problems[0]).sort(), ['code', 'column', 'line', 'message', 'path']);
});

test('misuse ends in 2 with a reason on stderr and nothing on stdout', () => {
  using host = new Host().servers(FILES);
  host.write(
    'aliases.yml',
    `a: &a [${'x, '.repeat(20)}]\nb: &b [${'*a, '.repeat(20)}]\nlisten: [${'*b, '.repeat(20)}]\n`,
  );
  for (const args of [
    ['nonsense'],
    ['scan', '--nonsense'],
    ['approve'],
    ['show', 'claude-code/none', ...host.selection],
    ['approve', 'claude-code/files', '--yes', '--expires', '0', ...host.selection],
    ['inventory', 'parse', '/dev/null'],
    ['central', 'run', '--config', host.at('aliases.yml')],
    ['up', '--listen', 'nowhere:x', ...host.selection],
  ]) {
    const { status, stdout, stderr } = sealwatch(...args);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('a file of an unknown client is read with the generic reader, and that is said', () => {
  using host = new Host();
  host.write('home/any.json', { mcpServers: FILES });
  const { status, json } = sealwatch(
    'inventory',
    'parse',
    '--json',
    '--client',
    'none',
    host.at('home/any.json'),
  );
  assert.equal(status, 1);
  assert.deepEqual([json().valid, json().servers.length, json().problems.length], [true, 1, 1]);
});

test('what cannot run ends in 3 with its code', () => {
  using host = new Host();
  for (const [code, ...args] of [
    ['AGENT_STATE_UNUSABLE', 'alerts', 'list', '--state-dir', host.at('none')],
    ['AGENT_NOT_RUNNING', 'status', '--state-dir', host.at('none')],
    ['AGENT_CONFIG_UNREADABLE', 'agent', 'run', '--config', host.at('none')],
    ['CLI_FILE_UNREADABLE', 'scan', '--home', host.at('none')],
  ] as const) {
    const { status, stdout, stderr } = sealwatch(...args);
    assert.deepEqual([status, stdout], [3, ''], args.join(' '));
    assert.ok(stderr.includes(`(${code})`), stderr);
  }
});

test('one name in two projects is ambiguous, and the hint gives the ids', () => {
  using host = new Host();
  for (const project of ['a', 'b']) host.write(`work/${project}/.mcp.json`, { mcpServers: FILES });
  host.write('home/.keep', '');
  const selection = [...host.selection, '--root', host.at('work')];
  const ids = sealwatch('scan', '--json', ...selection)
    .json()
    .servers.map(({ id }: { id: string }) => id);
  assert.equal(ids.length, 2);
  const { status, stderr } = sealwatch('show', 'claude-code/files', ...selection);
  assert.equal(status, 2);
  for (const id of ids) assert.ok(stderr.includes(id));
  assert.equal(sealwatch('show', ids[0], '--json', ...selection).json().id, ids[0]);
});

test('without a terminal nothing is approved unless told so', () => {
  using host = new Host().servers(FILES);
  const { status, stderr } = sealwatch('approve', 'claude-code/files', ...host.selection);
  assert.equal(status, 3);
  assert.match(stderr, /CLI_NOT_CONFIRMED/);
  assert.equal(sealwatch('verify', '--json', ...host.selection).lines()[0].state, 'pending');
});

test('approve, verify, show, diff and revoke tell one story', () => {
  using host = new Host();
  const script = host.write('srv/x.js', 'safe()\n');
  host.servers({ files: { command: 'node', args: [script] } });
  const run = (verb: string, ...more: string[]) =>
    sealwatch(verb, 'claude-code/files', '--json', ...more, ...host.selection);
  const statement = run('approve', '--yes', '--reason', 'r').json();
  assert.equal(statement.predicate.serial, 1);
  assert.equal(sealwatch('verify', ...host.selection).status, 0);
  assert.equal(run('show').json().state, 'approved');
  assert.deepEqual([run('diff').status, run('diff').json().changes], [0, []]);
  host.write('srv/x.js', 'evil()\n');
  const { status, json } = run('diff');
  assert.equal(status, 1);
  assert.equal(json().state, 'drifted');
  assert.match(json().changes[0].diff, /-safe\(\)\n\+evil\(\)/);
  const [line] = sealwatch('verify', '--json', ...host.selection).lines();
  assert.deepEqual(Object.keys(line).sort(), ['client', 'code', 'id', 'name', 'reason', 'state']);
  assert.equal(run('revoke', '--yes').json().predicate.serial, 2);
  assert.equal(run('show').json().state, 'revoked');
});

test('control characters of a config never reach the terminal', () => {
  using host = new Host();
  const evil = 'a\u001b]0;owned\u0007\u202e';
  host.servers({ [evil]: { command: 'npx', args: ['-y', `p\u001b[2J`] } });
  for (const args of [
    ['scan'],
    ['verify'],
    ['show', `claude-code/${evil}`],
    ['diff', `claude-code/${evil}`],
    ['show', 'none'],
    ['approve', `claude-code/${evil}`, '--yes'],
    ['revoke', `claude-code/${evil}`, '--yes'],
  ]) {
    const { stdout, stderr } = sealwatch(...args, ...host.selection);
    for (const char of ['\u001b', '\u0007', '\u202e']) assert.ok(!(stdout + stderr).includes(char), args[0]);
  }
});

test('inventory parse answers literally, with null for what is absent', () => {
  using host = new Host();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the config
  const path = host.write('mcp.json', { mcpServers: { s: { command: '${HOME}/x', env: { A: 'b' } } } });
  const { status, json } = sealwatch('inventory', 'parse', '--client', 'cursor', '--json', path);
  assert.equal(status, 0);
  const { client, valid, servers, problems } = json();
  assert.deepEqual([client, valid, problems], ['cursor', true, []]);
  const expected = {
    name: 's',
    transport: 'stdio',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the config
    command: '${HOME}/x',
    args: [],
    env_keys: ['A'],
    url: null,
    cwd: null,
    env_file: null,
  };
  assert.deepEqual({ ...servers[0], ...expected }, servers[0]);
});

test('rules are checked and matched by the contract', () => {
  using host = new Host();
  const rule =
    'title: T\nid: 11111111-1111-4111-8111-111111111111\nname: n\nlogsource: {category: process_creation}\ndetection: {s: {Image|endswith: /sh}, condition: s}\nlevel: low\n';
  const good = host.write('rules/good.yml', rule);
  host.write('rules/bad.yml', 'title: x\n');
  const check = sealwatch('rules', 'check', '--json', host.at('rules'));
  assert.equal(check.status, 1);
  assert.equal(check.json().rules, 1);
  assert.deepEqual(Object.keys(check.json().refused[0]).sort(), ['code', 'line', 'message', 'path']);
  const events = host.write('events.jsonl', '{"Image":"/bin/ls"}\n\n{"Image":"/bin/sh"}\n');
  const match = sealwatch('rules', 'match', '--json', '--rules', good, '--events', events);
  assert.equal(match.status, 1);
  const [hit, ...others] = match.lines();
  assert.deepEqual(others, []);
  const { event, rule: id, name, title } = hit;
  assert.deepEqual([event, id, name, title], [1, '11111111-1111-4111-8111-111111111111', 'n', 'T']);
  host.write('events.jsonl', 'junk\n');
  assert.equal(sealwatch('rules', 'match', '--rules', good, '--events', events).status, 3);
});

test('an enrolment token is made once, for its owner only', () => {
  using host = new Host();
  host.write('central.yml', JSON.stringify({ listen: '127.0.0.1:0', state_dir: host.at('central') }));
  mkdirSync(host.at('central'), { mode: 0o700 });
  const create = (...more: string[]) =>
    sealwatch('central', 'token', 'create', '--config', host.at('central.yml'), ...more);
  assert.match(create('--json').json().token, /^swenrol_[0-9a-f]{16}_[\w-]{43}\.[\w-]{43}$/);
  assert.equal(create('--out', host.at('t')).status, 0);
  assert.equal(statSync(host.at('t')).mode & 0o777, 0o600);
  assert.equal(create('--out', host.at('t')).status, 3);
  assert.equal(create('--count', '0').status, 2);
});

test('doctor answers JSON with a hint for whatever is wrong', () => {
  using host = new Host();
  const { status, json } = sealwatch('doctor', '--json', '--state-dir', host.at('state'));
  assert.equal(status, 1);
  for (const { name, ok, detail, hint } of json().checks) {
    assert.ok(typeof name === 'string' && typeof detail === 'string');
    assert.equal(hint === null, ok, name);
  }
});
