import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutReplaced } from '../../../agent/rules/replaced-rules.ts';
import { compileRules } from '../../../rules/engine/index.ts';
import { idOf, rule } from './samples.ts';

const replace = (text: string, by: string, path = 'dir/new.yml') =>
  withoutReplaced([{ path: 'old.yml', text }], [{ path, text: by }]);
const names = (sources: ReturnType<typeof replace>) => {
  const { rules, refused } = compileRules(sources);
  assert.deepEqual(refused, []);
  return rules.map(({ name }) => name);
};

test('a rule goes where another has its name, its id, or the file name that is its name', () => {
  assert.deepEqual(replace(rule('one', 'x'), rule('two', 'x'))[0]?.text, rule('one', 'x'));
  assert.deepEqual(replace(rule('one', 'x'), rule('one', 'y')), []);
  assert.deepEqual(replace(rule('one', 'x'), rule('two', 'x').replace(idOf('two'), idOf('one'))), []);
  const nameless = rule('two', 'x').replace('name: two\n', '');
  assert.deepEqual(replace(rule('one', 'x'), nameless, 'deep/one.yml'), []);
});

test('of several documents only the replaced one goes, and the lines of the others stay', () => {
  const text = `# first\n${rule('one', 'x')}---\n# second\n${rule('two', 'x')}---\n${rule('three', 'x')}`;
  for (const [gone, left] of [
    ['one', ['two', 'three']],
    ['two', ['one', 'three']],
    ['three', ['one', 'two']],
  ] as const) {
    const kept = replace(text, rule(gone, 'y'));
    assert.deepEqual(names(kept), left);
    const now = kept[0]?.text.split('\n') ?? [];
    const before = text.split('\n');
    assert.equal(now.length, before.length);
    for (const name of left) assert.equal(now.indexOf(`name: ${name}`), before.indexOf(`name: ${name}`));
  }
});

test('text that is no YAML replaces nothing and is left for the engine to refuse', () => {
  assert.equal(replace('title: [\n', rule('one', 'x'))[0]?.text, 'title: [\n');
  assert.equal(replace(rule('one', 'x'), 'name: [one\n')[0]?.text, rule('one', 'x'));
});
