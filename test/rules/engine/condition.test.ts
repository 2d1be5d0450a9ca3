import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileOne, detects, refusal, ruleText } from '../shared.ts';

const DETECTIONS = ['a:', '  A: 1', 'b:', '  B: 1', 'c:', '  C: 1', '_private:', '  P: 1'].join('\n');
const holds = (condition: string, letters: string): boolean =>
  detects(
    `${DETECTIONS}\ncondition: ${condition}`,
    Object.fromEntries([['x', 0], ...[...letters].map((letter) => [letter, 1])]),
  );
const refused = (condition: string): string =>
  refusal(ruleText(`${DETECTIONS}\ncondition: ${condition}`)).code;

describe('a condition', () => {
  it('binds not, and, or in this order', () => {
    assert.equal(holds('a or b and c', 'A'), true);
    assert.equal(holds('(a or b) and c', 'A'), false);
    assert.equal(holds('not a and b', 'B'), true);
    assert.equal(holds('not (a and b)', 'A'), true);
    assert.equal(holds('not not a', 'A'), true);
  });

  it('takes operators in either case', () => {
    assert.equal(holds('a AND NOT b', 'A'), true);
    assert.equal(holds('1 OF them', 'A'), true);
  });

  it('counts with 1 of, any of and all of', () => {
    assert.equal(holds('1 of them', 'B'), true);
    assert.equal(holds('any of them', 'B'), true);
    assert.equal(holds('all of them', 'AB'), false);
    assert.equal(holds('all of them', 'ABC'), true);
    assert.equal(holds('all of a', 'A'), true);
  });

  it('leaves names that begin with an underscore out of them', () => {
    assert.equal(holds('1 of them', 'P'), false);
    assert.equal(holds('1 of *', 'P'), false);
    assert.equal(holds('1 of _*', 'P'), true);
    assert.equal(holds('_private', 'P'), true);
  });

  it('selects by patterns with * anywhere', () => {
    const text = 'sel_x_end:\n  A: 1\nsel_y_end:\n  B: 1\nother:\n  C: 1\ncondition: all of sel_*_end';
    assert.equal(detects(text, { A: 1, B: 1 }), true);
    assert.equal(detects(text, { A: 1, C: 1 }), false);
  });

  it('matches where one condition of a list does', () => {
    const text = 'a:\n  A: 1\nb:\n  B: 1\ncondition:\n  - a\n  - b';
    assert.equal(detects(text, { B: 1 }), true);
    assert.equal(detects(text, { C: 1 }), false);
  });

  it('is refused where it is not understood', () => {
    for (const condition of [
      'a and',
      'a b',
      '(a',
      'a)',
      '""',
      '2 of them',
      'none of them',
      '1 of',
      'not',
      '"%"',
      'a*',
    ]) {
      assert.equal(refused(condition), 'RULE_CONDITION_INVALID', condition);
    }
    assert.equal(refused('a and nothing'), 'RULE_CONDITION_IDENTIFIER_UNKNOWN');
    assert.equal(refused('1 of nothing*'), 'RULE_CONDITION_IDENTIFIER_UNKNOWN');
    assert.equal(refused('a | count() > 5'), 'RULE_AGGREGATION_UNSUPPORTED');
    assert.equal(refused('a near b'), 'RULE_AGGREGATION_UNSUPPORTED');
  });

  it('is refused where it is nested or grown beyond the limits', () => {
    assert.equal(refused(`${'('.repeat(65)}a${')'.repeat(65)}`), 'RULE_CONDITION_INVALID');
    assert.equal(refused(`${'not '.repeat(65)}a`), 'RULE_CONDITION_INVALID');
    assert.equal(refused(`a${' or a'.repeat(3000)}`), 'RULE_CONDITION_INVALID');
    assert.equal(
      compileOne(ruleText(`a:\n  A: 1\ncondition: ${'('.repeat(64)}a${')'.repeat(64)}`)).rules.length,
      1,
    );
  });

  it('names its line', () => {
    assert.equal(refusal('title: t\ndetection:\n  a:\n    A: 1\n  condition: b\n').line, 5);
  });
});
