import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolDigest } from '../../../approval/index.ts';
import { MAX_TOOLS, readTools } from '../../../guard/tools/tool.ts';

const ADD = { name: 'add', description: 'Adds two numbers.', inputSchema: { type: 'object' } };

test('tools are read in their order with the digest that a policy names, and their definition as it came', () => {
  const definition = { ...ADD, _meta: { a: 1 }, later: [null] };
  const { tools, nextCursor, faults } = readTools({
    tools: [definition, { name: 'b' }],
    nextCursor: 'page 2',
  });
  assert.deepEqual(
    tools.map(({ name, digest }) => [name, digest]),
    [
      ['add', toolDigest(ADD)],
      ['b', toolDigest({ name: 'b' })],
    ],
  );
  assert.deepEqual(tools[0]?.definition, definition);
  assert.deepEqual([nextCursor, faults], ['page 2', []]);
});

test('an entry that is no tool is told with its place and name, and the others are read', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth += 1) deep = [deep];
  const long = 'x'.repeat(257);
  const { tools, faults } = readTools({
    tools: [
      null,
      [],
      'add',
      {},
      { name: '' },
      { name: 1 },
      { name: long },
      { name: 'deep', inputSchema: deep },
      ADD,
    ],
  });
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['add'],
  );
  assert.deepEqual(
    faults.map(({ kind, index, name }) => [kind, index, name]),
    [
      ['not_a_tool', 0, null],
      ['not_a_tool', 1, null],
      ['not_a_tool', 2, null],
      ['name_unusable', 3, null],
      ['name_unusable', 4, ''],
      ['name_unusable', 5, null],
      ['name_unusable', 6, long],
      ['definition_too_large', 7, 'deep'],
    ],
  );
});

test('of a name that stands twice each definition is given once, and the repetition is told', () => {
  const other = { ...ADD, description: 'Adds.' };
  const { tools, faults } = readTools({ tools: [ADD, other, { ...ADD }, other] });
  assert.deepEqual(
    tools.map(({ digest }) => digest),
    [toolDigest(ADD), toolDigest(other)],
  );
  assert.deepEqual(
    faults.map(({ kind, index, name }) => [kind, index, name]),
    [1, 2, 3].map((index) => ['duplicate', index, 'add']),
  );
});

test('no more tools are read than are known at a time, and each further one is named', () => {
  const listed = Array.from({ length: MAX_TOOLS + 2 }, (_, index) => ({ name: `t${index}` }));
  const { tools, faults } = readTools({ tools: listed });
  assert.equal(tools.length, MAX_TOOLS);
  assert.deepEqual(
    faults.map(({ kind, name }) => [kind, name]),
    [
      ['too_many', `t${MAX_TOOLS}`],
      ['too_many', `t${MAX_TOOLS + 1}`],
    ],
  );
});

test('a result that is no list of tools has none', () => {
  for (const result of [
    null,
    undefined,
    1,
    'x',
    [],
    {},
    { tools: {} },
    { tools: null, nextCursor: 1 },
    { nextCursor: '' },
  ])
    assert.deepEqual(readTools(result), { tools: [], nextCursor: null, faults: [] });
});

test('a tool may be called as members are that every object has', () => {
  const listed: unknown = JSON.parse(
    '[{"name":"__proto__"},{"name":"constructor"},{"__proto__":{"name":"x"}}]',
  );
  const { tools } = readTools({ tools: listed });
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['__proto__', 'constructor'],
  );
});
