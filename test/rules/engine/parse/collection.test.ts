import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules, type RuleSet } from '../../../../rules/engine/index.ts';

function compile(...documents: readonly string[]): RuleSet {
  return compileRules([{ path: 'c.yml', text: documents.join('\n---\n') }]);
}

const detection = (value: string): string => `detection:\n  s:\n    F: ${value}\n  condition: s`;

describe('a collection', () => {
  it('gives what is global to all documents that follow', () => {
    const { rules, refused } = compile(
      'action: global\nlevel: high\nlogsource:\n  product: linux',
      `title: a\n${detection('x')}`,
      `title: b\nlogsource:\n  category: file_event\n${detection('y')}`,
    );
    assert.deepEqual(refused, []);
    assert.deepEqual(
      rules.map(({ title, level, logsource }) => ({ title, level, logsource })),
      [
        { title: 'a', level: 'high', logsource: { product: 'linux' } },
        { title: 'b', level: 'high', logsource: { product: 'linux', category: 'file_event' } },
      ],
    );
  });

  it('lets a document say otherwise, adds up globals and forgets them at a reset', () => {
    const { rules } = compile(
      'action: global\nlevel: high',
      'action: global\nauthor: A',
      `title: a\nlevel: low\n${detection('x')}`,
      'action: reset',
      `title: b\n${detection('y')}`,
    );
    assert.deepEqual(
      rules.map(({ level, author }) => ({ level, author })),
      [
        { level: 'low', author: 'A' },
        { level: 'medium', author: null },
      ],
    );
  });

  it('repeats the document before with other keys on top', () => {
    const set = compile(
      `title: a\nid: one\n${detection('x')}`,
      'action: repeat\ntitle: b\nid: two\ndetection:\n  s:\n    F: y',
      'action: repeat\ntitle: c\ndetection:\n  s:\n    G: z',
    );
    assert.deepEqual(set.refused, []);
    const titles = (fields: Record<string, string>): readonly string[] =>
      set.match({ fields }).map(({ title }) => title);
    assert.deepEqual(titles({ F: 'x' }), ['a']);
    assert.deepEqual(titles({ F: 'y' }), ['b']);
    assert.deepEqual(titles({ F: 'y', G: 'z' }), ['b', 'c']);
  });

  it('numbers an id that was taken over', () => {
    const repeated = compile(
      `id: one\n${detection('x')}`,
      'action: repeat\ntitle: b',
      'action: repeat\ntitle: c',
    );
    assert.deepEqual(
      repeated.rules.map(({ id }) => id),
      ['one', 'one_2', 'one_3'],
    );
    const global = compile('action: global\nid: one', detection('x'), detection('y'));
    assert.deepEqual(
      global.rules.map(({ id }) => id),
      ['one', 'one_2'],
    );
  });

  it('goes on behind a document that is refused', () => {
    const { rules, refused } = compile('action: bogus', `title: a\n${detection('x')}`);
    assert.deepEqual(
      refused.map(({ code, line }) => ({ code, line })),
      [{ code: 'RULE_COLLECTION_INVALID', line: 1 }],
    );
    assert.equal(rules.length, 1);
  });
});
