import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ArgumentCondition } from '../../../approval/policy/argument.ts';
import { DENIAL_CODES } from '../../../approval/policy/denial.ts';
import { AT, authoriser, outcome } from './subject.ts';

const call = (tool: string, args: unknown = {}, digest: string | null = null) => ({
  tool,
  digest,
  arguments: args,
});
const seen = new Set<string>();
const told = (decision: Parameters<typeof outcome>[0]) => {
  const code = outcome(decision);
  seen.add(code);
  return code;
};

test('only listed tools may be called, and only as they were defined', async () => {
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
  const policy = await authoriser({
    tools: [
      { name: 'any', digest: null },
      { name: 'bound', digest: one },
    ],
  });
  assert.equal(told(policy.call(call('any'), AT)), 'allow');
  assert.equal(told(policy.call(call('any', {}, two), AT)), 'allow');
  assert.equal(told(policy.call(call('bound', {}, one), AT)), 'allow');
  assert.equal(told(policy.call(call('bound', {}, two), AT)), 'DENIED_TOOL_CHANGED');
  assert.equal(told(policy.call(call('bound'), AT)), 'DENIED_TOOL_CHANGED');
  for (const name of ['other', 'ANY', 'any ', '__proto__', 'constructor'])
    assert.equal(told(policy.call(call(name), AT)), 'DENIED_TOOL_NOT_LISTED');
  const none = await authoriser({ tools: [] });
  assert.equal(told(none.call(call('any'), AT)), 'DENIED_TOOL_NOT_LISTED');
  assert.equal(told((await authoriser({})).call(call('any'), AT)), 'allow');
});

async function holds(condition: Omit<ArgumentCondition, 'tool'>, args: unknown): Promise<boolean> {
  const policy = await authoriser({ arguments: [{ tool: 'x', ...condition }] });
  return told(policy.call(call('x', args), AT)) === 'allow';
}

test('conditions on arguments mean what docs/policy.md says', async () => {
  const cases: readonly [Omit<ArgumentCondition, 'tool'>, readonly unknown[], readonly unknown[]][] = [
    [
      { path: '/a', equals: 1 },
      [{ a: 1 }, { a: [1, 1] }, { a: [] }],
      [{ a: '1' }, { a: [1, 2] }, {}, { a: null }],
    ],
    [{ path: '/a', equals: null }, [{ a: null }], [{}, { a: 0 }]],
    [{ path: '/a', one_of: ['x', 'y'] }, [{ a: 'x' }], [{ a: 'X' }, { a: 'xy' }, {}]],
    [
      { path: '/a', matches: 'a|b' },
      [{ a: 'a' }, { a: 'b' }],
      [{ a: 'ab' }, { a: 'xa' }, { a: 'a\n' }, { a: 1 }],
    ],
    [{ path: '/a', max_length: 2 }, [{ a: 'ab' }, { a: '' }], [{ a: 'abc' }, { a: 1 }]],
    [
      { path: '/a', min: 1, max: 3 },
      [{ a: 1 }, { a: 3 }],
      [{ a: 0 }, { a: 4 }, { a: '2' }, { a: Number.NaN }],
    ],
    [
      { path: '/a', below: '~/work' },
      [{ a: '/home/alice/work' }, { a: '/home/alice/work/x' }, { a: ['/home/alice/work/x'] }],
      [
        { a: '/home/alice/work/../.ssh' },
        { a: '/home/alice/workx' },
        { a: '~/work/x' },
        { a: 'work/x' },
        { a: ['/home/alice/work/x', '/etc/passwd'] },
        { a: '/home/alice/work/\u0000' },
      ],
    ],
    [{ path: '/a', absent: true }, [{}, { b: 1 }], [{ a: 1 }, { a: null }]],
    [{ path: '/a', optional: true, max: 3 }, [{}, { a: 3 }], [{ a: 4 }]],
    [
      { path: '/a/0/b~1c', equals: true },
      [{ a: [{ 'b/c': true }] }],
      [{ a: [] }, { a: { 0: { b: { c: true } } } }],
    ],
    [{ path: '/__proto__', equals: 1 }, [JSON.parse('{"__proto__":1}')], [{}, { a: 1 }]],
    [{ path: '/a/length', min: 0 }, [], [{ a: [1] }, { a: 'x' }]],
    [{ path: '/constructor', absent: true }, [{}], [{ constructor: 1 }]],
  ];
  for (const [condition, good, bad] of cases) {
    for (const args of good) assert.ok(await holds(condition, args), JSON.stringify([condition, args]));
    for (const args of bad) assert.ok(!(await holds(condition, args)), JSON.stringify([condition, args]));
  }
  for (const args of [undefined, null, 'x', [], 7])
    assert.ok(!(await holds({ path: '/a', equals: 1 }, args)));
});

test('a condition for every tool holds for every tool', async () => {
  const policy = await authoriser({ arguments: [{ tool: '*', path: '/a', absent: true }] });
  assert.equal(told(policy.call(call('one', { a: 1 }), AT)), 'DENIED_ARGUMENT');
  assert.equal(told(policy.call(call('two', { b: 1 }), AT)), 'allow');
});

test('a hostile text against a hostile pattern costs linear time', async () => {
  const policy = await authoriser({
    arguments: [{ tool: 'x', path: '/a', matches: '(a+)+b|(a|a)*c|(.*)*d' }],
  });
  const text = 'a'.repeat(200_000);
  assert.equal(told(policy.call(call('x', { a: text }), AT)), 'DENIED_ARGUMENT');
});

test('a rate counts allowed calls in any span of its length', async () => {
  const policy = await authoriser({
    tools: [{ name: 'a', digest: null }],
    rate: [{ calls: 3, seconds: 10, tools: null }],
  });
  const at = (ms: number, tool = 'a') => told(policy.call(call(tool), { ...AT, monotonic: ms }));
  assert.deepEqual([at(0), at(1_000), at(9_000), at(9_999)], ['allow', 'allow', 'allow', 'DENIED_RATE']);
  assert.equal(at(9_999, 'other'), 'DENIED_TOOL_NOT_LISTED');
  assert.deepEqual(
    [at(10_000), at(10_500), at(11_000), at(18_999), at(19_000)],
    ['allow', 'DENIED_RATE', 'allow', 'DENIED_RATE', 'allow'],
  );
});

test('a rate of some tools leaves the others alone', async () => {
  const policy = await authoriser({
    rate: [
      { calls: 1, seconds: 10, tools: ['w', 'v'] },
      { calls: 3, seconds: 10, tools: null },
    ],
  });
  const outcomes = ['w', 'v', 'r', 'r', 'r'].map((tool) => told(policy.call(call(tool), AT)));
  assert.deepEqual(outcomes, ['allow', 'DENIED_RATE', 'allow', 'allow', 'DENIED_RATE']);
});

test('programs, connections and writes are held to their lists', async () => {
  const policy = await authoriser({
    executables: ['/usr/bin/git'],
    destinations: ['api.example.com:443'],
    writable_paths: ['~/out/**'],
  });
  const program = (path: string, shell = false) => told(policy.program(path, { shell }, AT));
  assert.equal(program('/usr/bin/git'), 'allow');
  assert.equal(program('/tmp/git'), 'DENIED_EXECUTABLE');
  assert.equal(program('/usr/bin/git', true), 'DENIED_SHELL');
  const connection = (name: string) =>
    told(policy.connection({ names: [name], address: null, port: 443 }, AT));
  assert.deepEqual(
    [connection('api.example.com'), connection('x.example.com')],
    ['allow', 'DENIED_DESTINATION'],
  );
  assert.equal(told(policy.write('/home/alice/out/a', AT)), 'allow');
  assert.equal(told(policy.write('/home/alice/.bashrc', AT)), 'DENIED_WRITE');
  const shells = await authoriser({ shells: true, executables: [] });
  assert.equal(told(shells.program('/bin/bash', { shell: true }, AT)), 'allow');
  assert.equal(told(shells.program('/bin/ls', { shell: false }, AT)), 'DENIED_EXECUTABLE');
});

const CEDAR = `
permit(principal, action, resource);
forbid(principal, action == Sealwatch::Action::"callTool", resource)
  when { context.texts.hasTag("/path") && context.texts.getTag("/path") like "*.pem" };
forbid(principal, action == Sealwatch::Action::"callTool", resource)
  when { context.numbers.hasTag("/limit") && context.numbers.getTag("/limit") * 9223372036854775807 > 5 };
forbid(principal, action == Sealwatch::Action::"connect", resource)
  when { resource has address && !resource.address.isInRange(ip("10.0.0.0/8")) };
forbid(principal, action == Sealwatch::Action::"startProgram", resource) when { resource.portable like "~/*" };
forbid(principal, action == Sealwatch::Action::"writeFile", resource)
  unless { context.now < datetime("2026-09-01") && principal.profile == "developer" };
`;

test('Cedar is asked after the lists, and both must allow', async () => {
  const policy = await authoriser({ cedar: CEDAR, tools: [{ name: 'read', digest: null }] });
  const read = (args: unknown) => told(policy.call(call('read', args), AT));
  assert.equal(read({ path: '/a/b.txt', deep: { x: [true, null, 1.5] } }), 'allow');
  assert.equal(read({ path: '/a/b.pem' }), 'DENIED_BY_CEDAR');
  assert.equal(told(policy.call(call('write', {}), AT)), 'DENIED_TOOL_NOT_LISTED');
  const connect = (address: string) => told(policy.connection({ names: [], address, port: 1 }, AT));
  assert.deepEqual(
    [connect('10.1.1.1'), connect('::ffff:10.1.1.1'), connect('11.1.1.1'), connect('2001:db8::1')],
    ['allow', 'allow', 'DENIED_BY_CEDAR', 'DENIED_BY_CEDAR'],
  );
  assert.equal(told(policy.program('/home/alice/x', { shell: false }, AT)), 'DENIED_BY_CEDAR');
  assert.equal(told(policy.write('/x', AT)), 'allow');
  assert.equal(told(policy.write('/x', { ...AT, now: new Date('2026-09-02') })), 'DENIED_BY_CEDAR');
});

test('a policy that fails while it is evaluated denies, although another one permits', async () => {
  const policy = await authoriser({ cedar: CEDAR });
  assert.equal(told(policy.call(call('read', { limit: 2 }), AT)), 'DENIED_CEDAR_FAILED');
  assert.equal(told(policy.call(call('read', { limit: 0 }), AT)), 'allow');
});

test('a call that Cedar refuses does not count towards a rate', async () => {
  const policy = await authoriser({ cedar: CEDAR, rate: [{ calls: 1, seconds: 10, tools: null }] });
  assert.equal(told(policy.call(call('read', { path: 'x.pem' }), AT)), 'DENIED_BY_CEDAR');
  assert.equal(told(policy.call(call('read', { path: 'x' }), AT)), 'allow');
  assert.equal(told(policy.call(call('read', { path: 'x' }), AT)), 'DENIED_RATE');
});

test('what no Cedar policy permits is denied, and what is too large is not asked', async () => {
  const policy = await authoriser({
    cedar: 'permit(principal, action == Sealwatch::Action::"callTool", resource);',
  });
  assert.equal(told(policy.write('/x', AT)), 'DENIED_BY_CEDAR');
  assert.equal(told(policy.call(call('x', { __proto__: 1, 'a/b~c': '"\u0000"' }), AT)), 'allow');
  for (const args of [{ a: 'x'.repeat(300_000) }, Array.from({ length: 6_000 }, () => 1), deep(100)])
    assert.equal(told(policy.call(call('x', args), AT)), 'DENIED_REQUEST_TOO_LARGE');
});

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

test('prompts, resources and what the server asks of the client follow lists of their own', async () => {
  const policy = await authoriser({
    prompts: ['greet'],
    resources: ['file:///srv/a.txt', 'docs://guide/*'],
    client_features: ['roots'],
    ask: ['delete'],
  });
  assert.equal(told(policy.prompt('greet', AT)), 'allow');
  assert.equal(told(policy.prompt('Greet', AT)), 'DENIED_PROMPT');
  for (const uri of ['file:///srv/a.txt', 'docs://guide/', 'docs://guide/one', 'docs://guide/v1.2/x'])
    assert.equal(told(policy.resource(uri, AT)), 'allow', uri);
  for (const uri of ['file:///srv/a.txt2', 'docs://other', 'docs://guide/../x', 'docs://guide/%2E%2e/x'])
    assert.equal(told(policy.resource(uri, AT)), 'DENIED_RESOURCE', uri);
  assert.equal(told(policy.clientFeature('roots', AT)), 'allow');
  assert.equal(told(policy.clientFeature('sampling', AT)), 'DENIED_CLIENT_FEATURE');
  assert.deepEqual(
    ['delete', 'other'].map((tool) => policy.asksAbout(tool)),
    [true, false],
  );
  const open = await authoriser({});
  assert.equal(told(open.prompt('any', AT)), 'allow');
  assert.equal(told(open.resource('any://../x', AT)), 'allow');
  assert.equal(told(open.clientFeature('elicitation', AT)), 'allow');
});

test('Cedar decides about prompts, resources and features as well', async () => {
  const policy = await authoriser({
    cedar: `permit(principal, action == Sealwatch::Action::"getPrompt", resource) when { resource.name == "a" };
      permit(principal, action == Sealwatch::Action::"readResource", resource) when { resource.uri like "x://*" };
      permit(principal, action == Sealwatch::Action::"askClient", resource) when { resource.name == "roots" };`,
  });
  assert.deepEqual([policy.prompt('a', AT), policy.prompt('b', AT)].map(told), ['allow', 'DENIED_BY_CEDAR']);
  assert.deepEqual([policy.resource('x://1', AT), policy.resource('y://1', AT)].map(told), [
    'allow',
    'DENIED_BY_CEDAR',
  ]);
  assert.deepEqual([policy.clientFeature('roots', AT), policy.clientFeature('sampling', AT)].map(told), [
    'allow',
    'DENIED_BY_CEDAR',
  ]);
});

test('a policy whose Cedar does not validate cannot be used', async () => {
  await assert.rejects(
    authoriser({ cedar: 'permit(principal, action, resource) when { resource.nme == "x" };' }),
    {
      code: 'APPROVAL_CEDAR_INVALID',
    },
  );
});

test('Cedar is loaded only where a policy uses it', () => {
  const module = new URL('../../../approval/policy/authoriser.ts', import.meta.url);
  const program = `
    const { Authoriser } = await import(${JSON.stringify(module.href)});
    const { SUBJECT, OPEN } = await import(${JSON.stringify(new URL('./subject.ts', import.meta.url).href)});
    const { createRequire } = await import('node:module');
    const loaded = () => Object.keys(createRequire('/').cache).some((path) => path.includes('cedar_wasm'));
    await Authoriser.open(OPEN, SUBJECT);
    const before = loaded();
    await Authoriser.open({ ...OPEN, cedar: 'permit(principal, action, resource);' }, SUBJECT);
    console.log(JSON.stringify([before, loaded()]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), '[false,true]', stderr);
});

test('every denial code was given by a test above, and the page about policies lists them', () => {
  const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(DENIED_\w+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(listed, [...DENIAL_CODES]);
  // Given where there is nothing that could be asked: see joint policies of guard and agent.
  const given = [...seen, 'DENIED_FLEET_POLICY_UNUSABLE'].filter((code) => code !== 'allow');
  assert.deepEqual(given.sort(), [...DENIAL_CODES].sort());
});
