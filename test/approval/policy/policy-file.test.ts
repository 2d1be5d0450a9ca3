import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { normalisePolicy } from '../../../approval/policy/policy.ts';
import { readPolicy } from '../../../approval/policy/policy-file.ts';
import { OPEN } from './subject.ts';

async function faults(text: string): Promise<readonly string[]> {
  const read = await readPolicy(text);
  return read.kind === 'policy'
    ? []
    : read.faults.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

test('the policy that the page about policies shows is one', async () => {
  const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  assert.deepEqual(await faults(example), []);
});

test('YAML and JSON say the same, and order and repetition say nothing', async () => {
  const yaml = await readPolicy('destinations: [b.example, a.example, b.example]\nshells: true\n');
  const json = await readPolicy('{"shells":true,"destinations":["a.example","b.example"]}');
  assert.deepEqual(yaml, json);
  assert.deepEqual(yaml, {
    kind: 'policy',
    policy: { ...OPEN, shells: true, destinations: ['a.example', 'b.example'] },
  });
});

test('normalising twice changes nothing more', async () => {
  const read = await readPolicy(
    'arguments: [{tool: b, path: /x, max: 1}, {tool: a, path: "", absent: true}]\nrate: []\ntools: [{name: b, digest: null}, {name: a, digest: null}]\n',
  );
  assert.equal(read.kind, 'policy');
  if (read.kind !== 'policy') return;
  assert.deepEqual(normalisePolicy(read.policy), read.policy);
  assert.deepEqual(
    read.policy.tools?.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.equal('rate' in read.policy, false);
});

test('all faults are told at once, each where it stands', async () => {
  const text =
    'tools:\n  - { name: "", digest: null }\nexecutables: [git]\ndestinations: ["a:0"]\nspeed: 1\n';
  assert.deepEqual(await faults(text), [
    '2:13 APPROVAL_POLICY_INVALID',
    '3:15 APPROVAL_POLICY_INVALID',
    '4:16 APPROVAL_POLICY_INVALID',
    '5:8 APPROVAL_POLICY_INVALID',
  ]);
});

test('a condition must be one that can be asked', async () => {
  const condition = (text: string) => faults(`arguments: [{ tool: x, path: /a, ${text} }]`);
  for (const bad of [
    '',
    'min: 1, equals: 1',
    'matches: "("',
    'matches: "(?=a)"',
    'matches: "a)|(b"',
    'below: /a/../b',
    'below: /',
    'below: a',
    'max_length: -1',
    'absent: false',
  ])
    assert.equal((await condition(bad)).length > 0, true, bad);
  for (const good of [
    'min: 1, max: 2',
    'matches: "a|b"',
    'below: "~"',
    'absent: true',
    'optional: true, equals: null',
  ])
    assert.deepEqual(await condition(good), [], good);
  assert.equal((await faults('arguments: [{ tool: x, path: a, max: 1 }]')).length, 1);
});

test('Cedar that does not parse or validate is refused with its own position', async () => {
  const read = await readPolicy(
    'shells: false\ncedar: |\n  permit(principal, action, resource)\n    when { resource.nme == "ü" };\n',
  );
  assert.equal(read.kind, 'refused');
  if (read.kind !== 'refused') return;
  const [first] = read.faults;
  assert.equal(first?.code, 'APPROVAL_CEDAR_INVALID');
  assert.match(first?.message ?? '', /^cedar, line 2, column 10: .*attribute `nme`/);
  assert.deepEqual([first?.line, first?.column], [2, 8]);
  assert.deepEqual(await faults('cedar: "permit(principal action);"'), ['1:8 APPROVAL_CEDAR_INVALID']);
  assert.deepEqual(await faults('cedar: "permit(principal == ?principal, action, resource);"'), [
    '1:8 APPROVAL_CEDAR_INVALID',
  ]);
});

test('text that is no policy is refused, however hostile', async () => {
  const bomb = `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`},*${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}`;
  for (const bad of [
    '',
    'null',
    '[]',
    '7',
    '"x"',
    'a: [',
    `${'['.repeat(50_000)}`,
    'x'.repeat(2_000_000),
    bomb,
    '__proto__: {}',
    'tools: [{name: a}]',
  ])
    assert.equal((await faults(bad)).length > 0, true, bad.slice(0, 40));
});

test('where a value is fetched from is a command or a file, and never a relative one', async () => {
  const policy = (more: object) => faults(JSON.stringify(more));
  const fine = {
    secrets: [
      { name: 'TOKEN', command: ['/bin/echo', 'x'] },
      { name: 'KEY', file: '/run/key' },
    ],
  };
  assert.deepEqual(await policy(fine), []);
  for (const source of [
    {},
    { command: ['echo'] },
    { file: 'key' },
    { command: ['/bin/echo'], file: '/run/key' },
  ])
    assert.equal((await policy({ secrets: [{ name: 'TOKEN', ...source }] })).length > 0, true);
  assert.deepEqual(await policy({ environment: ['A=B'] }), ['1:17 APPROVAL_POLICY_INVALID']);
});
