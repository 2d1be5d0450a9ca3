import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolDigest } from '../../../approval/policy/tool-digest.ts';

const TOOL = {
  name: 'read_file',
  title: 'Read',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
};

test('the digest of a definition is one that another implementation can compute', () => {
  assert.equal(
    toolDigest({ name: 'a', inputSchema: { type: 'object' } }),
    // printf '{"inputSchema":{"type":"object"},"name":"a"}' | sha256sum
    '60d4353e9a5499b483d09f13d9e28060e70f34edf787bb7040ba30bd390f85af',
  );
});

test('order of keys and what only decorates change nothing', () => {
  const digest = toolDigest(TOOL);
  const turned = Object.fromEntries(Object.entries(TOOL).reverse());
  assert.equal(toolDigest(turned), digest);
  assert.equal(toolDigest({ ...TOOL, _meta: { a: 1 }, icons: [], execution: {} }), digest);
});

test('each member that a model or a client acts on counts', () => {
  const digest = toolDigest(TOOL);
  const changed = [
    { ...TOOL, name: 'read_file2' },
    { ...TOOL, title: 'Read it' },
    { ...TOOL, description: 'Reads a file.\u200b' },
    { ...TOOL, inputSchema: { ...TOOL.inputSchema, required: [] } },
    { ...TOOL, outputSchema: { type: 'array' } },
    { ...TOOL, annotations: { readOnlyHint: false } },
    { name: TOOL.name, inputSchema: TOOL.inputSchema },
  ];
  const digests = new Set([digest, ...changed.map(toolDigest)]);
  assert.equal(digests.size, changed.length + 1);
});

test('what is no definition, or one without end, is refused', () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 100; depth += 1) deep = { deep };
  for (const bad of [
    null,
    'a',
    {},
    { name: '' },
    { name: 1 },
    { name: 'a', inputSchema: deep },
    { name: 'a', description: 'x'.repeat(5_000_000) },
    { name: 'a', inputSchema: { a: Number.POSITIVE_INFINITY } },
    { name: 'a', inputSchema: Array.from({ length: 200_000 }, () => 0) },
    Object.create({ name: 'inherited' }),
  ])
    assert.throws(() => toolDigest(bad), { code: 'APPROVAL_TOOL_INVALID' });
});
