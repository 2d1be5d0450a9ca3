import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TempDirectory } from '../temp-directory.ts';
import { runBuilt } from './built.ts';

class Desk implements Disposable {
  readonly #directory = new TempDirectory();
  readonly at = (...parts: string[]) => this.#directory.at(...parts);
  readonly write = (relative: string, content: string | object) => this.#directory.write(relative, content);

  sealwatch(args: readonly string[], input = '') {
    return runBuilt(args, { input, env: { ...process.env, HOME: this.at() } });
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

const GOOD = 'executables: [/usr/bin/git]\ncedar: permit(principal, action, resource);\n';

test('policy check tells every fault with its place, and ends in 1', () => {
  using desk = new Desk();
  const good = desk.sealwatch(['policy', 'check', desk.write('good.yml', GOOD), '--json']);
  assert.deepEqual([good.status, good.json().valid], [0, true]);
  const path = desk.write('bad.yml', 'executables: [git]\ncedar: permit(principal);\n');
  const bad = desk.sealwatch(['policy', 'check', path, '--json']);
  assert.equal(bad.status, 1);
  assert.deepEqual(
    bad.json().problems.map(({ path: at, line, column }: Record<string, unknown>) => [at, line, column]),
    [[path, 1, 15]],
  );
  assert.match(
    desk.sealwatch(['policy', 'check', path]).stderr,
    /bad\.yml:1:15: executables\[0\]: must be an absolute path/,
  );
  assert.equal(desk.sealwatch(['policy', 'check', desk.at('none')]).status, 3);
});

test('policy tools gives digests that policy check takes', () => {
  using desk = new Desk();
  const answer = {
    jsonrpc: '2.0',
    id: 1,
    result: { tools: [{ name: 'a: "b"', inputSchema: { type: 'object' } }] },
  };
  const told = desk.sealwatch(['policy', 'tools', '-'], JSON.stringify(answer));
  assert.equal(told.status, 0, told.stderr);
  assert.equal(desk.sealwatch(['policy', 'check', desk.write('tools.yml', told.stdout)]).status, 0);
  const listed = desk
    .sealwatch(['policy', 'tools', '-', '--json'], JSON.stringify(answer.result.tools))
    .json();
  assert.match(listed.tools[0].digest, /^[0-9a-f]{64}$/);
  for (const bad of ['', '{}', '[1]', '[{"name":""}]'])
    assert.equal(desk.sealwatch(['policy', 'tools', '-'], bad).status, 3, bad);
});

test('policy try says of each request what the guard would', () => {
  using desk = new Desk();
  const policy = desk.write('p.yml', GOOD);
  const requests = [
    { program: { path: '/usr/bin/git' } },
    { program: { path: '/bin/sh', shell: true } },
    { call: { tool: 'x' } },
    { connection: { address: '192.0.2.1', port: 1 } },
    { write: { path: '/x' } },
  ];
  const lines = requests.map((request) => JSON.stringify(request)).join('\n');
  const tried = desk.sealwatch(['policy', 'try', policy, '--requests', '-', '--json'], lines);
  assert.equal(tried.status, 1);
  const decisions = tried.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    decisions.map(({ request, decision, code }) => [request, decision, code]),
    [
      [0, 'allow', undefined],
      [1, 'deny', 'DENIED_SHELL'],
      [2, 'allow', undefined],
      [3, 'allow', undefined],
      [4, 'allow', undefined],
    ],
  );
  assert.equal(desk.sealwatch(['policy', 'try', policy, '--requests', '-'], '{"call":{}}').status, 3);
});

test('policy schema is one that Cedar takes', async () => {
  using desk = new Desk();
  const { checkParseSchema } = await import('@cedar-policy/cedar-wasm/nodejs');
  assert.equal(checkParseSchema(desk.sealwatch(['policy', 'schema']).stdout).type, 'success');
});

test('approve signs a policy, keeps it, gives it up when told, and refuses one that does not hold', () => {
  using desk = new Desk();
  desk.write('home/.claude.json', { mcpServers: { one: { command: 'cat', args: [] } } });
  const all = ['--home', desk.at('home'), '--state-dir', desk.at('state')];
  const approve = (...more: string[]) =>
    desk.sealwatch(['approve', 'claude-code/one', '--yes', '--json', ...more, ...all]);
  const bad = approve('--policy', desk.write('bad.yml', 'cedar: permit(\n'));
  assert.equal(bad.status, 3);
  assert.match(bad.stderr, /APPROVAL_CEDAR_INVALID/);
  assert.equal(desk.sealwatch(['verify', '--json', ...all]).json().state, 'pending');
  const policyOf = (...more: string[]) => approve(...more).json().predicate.policy;
  assert.deepEqual(policyOf('--policy', desk.write('p.yml', GOOD)).executables, ['/usr/bin/git']);
  assert.deepEqual(policyOf().executables, ['/usr/bin/git']);
  assert.match(
    desk.sealwatch(['show', 'claude-code/one', ...all]).stdout,
    /policy {3}starts \/usr\/bin\/git\n {2}policy {3}starts no shells/,
  );
  assert.equal(policyOf('--no-policy'), null);
  assert.equal(policyOf(), null);
});
