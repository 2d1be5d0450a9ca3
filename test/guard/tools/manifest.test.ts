import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTools, manifestTool } from '../../../guard/tools/manifest.ts';
import { readTools } from '../../../guard/tools/tool.ts';

const { tools } = readTools({
  tools: [
    { name: 'add', description: 'Adds.' },
    { name: 'list', description: 'Lists.' },
  ],
});
const [add, list] = tools;
assert.ok(add && list);
const OLD = '0'.repeat(64);

test('where nothing was approved, every tool is one that is listed', () => {
  const listed = (tool: typeof add, description: string) =>
    ({ change: 'tool_listed', tool: tool.name, description, before: null, after: tool.digest }) as const;
  assert.deepEqual(compareTools(null, tools, true), [listed(add, 'Adds.'), listed(list, 'Lists.')]);
});

test('a tool is new, changed or gone by its name and digest', () => {
  const approved = new Map([
    ['add', OLD],
    ['gone', OLD],
  ]);
  assert.deepEqual(compareTools(approved, tools, true), [
    { change: 'tool_changed', tool: 'add', description: 'Adds.', before: OLD, after: add.digest },
    { change: 'tool_added', tool: 'list', description: 'Lists.', before: null, after: list.digest },
    { change: 'tool_removed', tool: 'gone', description: '', before: OLD, after: null },
  ]);
});

test('what is as it was approved, or was approved whatever its definition, is no change', () => {
  const approved = new Map([
    ['add', add.digest],
    ['list', null],
  ]);
  assert.deepEqual(compareTools(approved, tools, true), []);
});

test('a list that is not complete tells of no tool that it is gone', () => {
  assert.deepEqual(compareTools(new Map([['gone', OLD]]), [], false), []);
});

test('an empty list of approved tools approves none', () => {
  const changes = compareTools(new Map(), tools, true);
  assert.deepEqual(
    changes.map(({ change }) => change),
    ['tool_added', 'tool_added'],
  );
});

test('a second definition of an approved name is a change', () => {
  const twice = readTools({
    tools: [
      { name: 'add', description: 'Adds.' },
      { name: 'add', description: 'Adds!' },
    ],
  });
  const changes = compareTools(new Map([['add', add.digest]]), twice.tools, true);
  assert.deepEqual(
    changes.map(({ change, after }) => [change, after]),
    [['tool_changed', twice.tools[1]?.digest]],
  );
});

test('a description is told without tokens and no longer than a record takes', () => {
  const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
  const told = (description: unknown) => {
    const [tool] = readTools({ tools: [{ name: 'add', description }] }).tools;
    assert.ok(tool);
    return manifestTool(tool).description;
  };
  assert.equal(told('x'.repeat(10_000)).length, 4_096);
  assert.ok(!told(`Uses ${token}.`).includes(token));
  assert.equal(told(`${'x'.repeat(4_050)} ${token}`).length <= 4_096, true);
  assert.equal(told(1), '');
});
