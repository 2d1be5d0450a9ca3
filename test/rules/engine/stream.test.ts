import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules, type RuleSet, RuleStream } from '../../../rules/engine/index.ts';

const BASE = 'title: base\nid: base\ndetection:\n  s:\n    F: x\n  condition: s\n';
const count = (generate: boolean, gte = 2, id = 'many'): string =>
  `---\ntitle: ${id}\nid: ${id}\ngenerate: ${generate}\ncorrelation:\n  type: event_count\n  rules: [base]\n  timespan: 10s\n  condition:\n    gte: ${gte}\n`;
const FEW = { fields: { F: 'x' } };

function compile(text: string, disabled: readonly string[] = []): RuleSet {
  const set = compileRules([{ path: 's.yml', text }], {
    adjustments: disabled.map((rule) => ({ rule, disable: true })),
  });
  assert.deepEqual(set.refused, []);
  return set;
}

function titles(stream: RuleStream, seconds: number): readonly string[] {
  return stream.take(FEW, seconds * 1_000).map(({ rule }) => rule.title);
}

describe('rules on a stream of events', () => {
  it('raise what a correlation counts only where it says so', () => {
    const quiet = new RuleStream(compile(BASE + count(false)));
    assert.deepEqual(
      [1, 2].map((at) => titles(quiet, at)),
      [[], ['many']],
    );
    const loud = new RuleStream(compile(BASE + count(true)));
    assert.deepEqual(
      [1, 2].map((at) => titles(loud, at)),
      [['base'], ['base', 'many']],
    );
    const both = new RuleStream(compile(BASE + count(false) + count(true, 9, 'more')));
    assert.deepEqual(titles(both, 1), ['base']);
  });

  it('still count a rule that is disabled, and raise no correlation that is', () => {
    const base = new RuleStream(compile(BASE + count(true), ['base']));
    assert.deepEqual(
      [1, 2].map((at) => titles(base, at)),
      [[], ['many']],
    );
    const many = new RuleStream(compile(BASE + count(true), ['many']));
    assert.deepEqual(
      [1, 2].map((at) => titles(many, at)),
      [['base'], ['base']],
    );
  });

  it('go on counting over a reload that leaves a correlation as it is', () => {
    const stream = new RuleStream(compile(BASE + count(false)));
    assert.deepEqual(titles(stream, 1), []);
    stream.replace(compile(`${BASE}level: high\n${count(false)}`));
    assert.deepEqual(titles(stream, 2), ['many']);
    stream.replace(compile(BASE + count(false, 3)));
    assert.deepEqual(titles(stream, 3), []);
  });
});
