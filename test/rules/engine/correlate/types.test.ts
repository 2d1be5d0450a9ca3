import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Course, course } from './shared.ts';

type Steps = Parameters<Course['values']>[0];

/** One event a second: each letter is a rule that matches. */
const letters = (text: string): Steps => [...text].map((letter, at) => [at, { is: letter }] as const);
/** One event of rule `a` a second with these values of F. */
const values = (...list: readonly unknown[]): Steps =>
  list.map((F, at) => [at, F === undefined ? { is: 'a' } : { is: 'a', F }] as const);

describe('event_count', () => {
  const fires = (condition: string, steps: Steps): readonly (number | null)[] =>
    course(`type: event_count\nrules: [a, b]\ntimespan: 10s\ncondition:\n${condition}`).values(steps);

  it('compares with each operator', () => {
    const steps = letters('aaaa');
    assert.deepEqual(fires('  gt: 2', steps), [null, null, 3, 4]);
    assert.deepEqual(fires('  gte: 2', steps), [null, 2, 3, 4]);
    assert.deepEqual(fires('  lt: 2', steps), [1, null, null, null]);
    assert.deepEqual(fires('  lte: 2', steps), [1, 2, null, null]);
    assert.deepEqual(fires('  eq: 2', steps), [null, 2, null, null]);
    assert.deepEqual(fires('  neq: 2', steps), [1, null, 3, 4]);
  });

  it('takes several bounds as a range', () => {
    assert.deepEqual(fires('  gt: 1\n  lte: 3', letters('aaaa')), [null, 2, 3, null]);
  });

  it('counts the events of all its rules, an event that several match once', () => {
    assert.deepEqual(fires('  gte: 2', letters('abc')), [null, 2, null]);
    assert.deepEqual(
      fires('  gte: 1', [
        [0, { is: ['a', 'b'] }],
        [1, { is: 'a' }],
      ]),
      [1, 2],
    );
  });
});

describe('value_count', () => {
  const fires = (field: string, steps: Steps): readonly (number | null)[] =>
    course(`type: value_count\nrules: [a]\ntimespan: 10s\ncondition:\n  field: ${field}\n  gte: 2`).values(
      steps,
    );

  it('counts distinct values, without case', () => {
    assert.deepEqual(fires('F', values('x', 'X', 'y', 'x')), [null, null, 2, 2]);
    assert.deepEqual(fires('F', values(1, '1', true)), [null, null, 2]);
  });

  it('forgets values that leave the window', () => {
    assert.deepEqual(
      fires('F', [
        [0, { is: 'a', F: 'x' }],
        [10, { is: 'a', F: 'y' }],
        [11, { is: 'a', F: 'y' }],
      ]),
      [null, 2, null],
    );
  });

  it('counts each element of a list', () => {
    assert.deepEqual(fires('F', values(['x', 'y'])), [2]);
  });

  it('does not look at events without the field', () => {
    assert.deepEqual(fires('F', values('x', 'y', null, [], undefined)), [null, 2, null, null, null]);
  });

  it('counts tuples of several fields, each of which must be there', () => {
    const event = (F: unknown, G: unknown, at: number): Steps[number] => [at, { is: 'a', F, G }];
    assert.deepEqual(
      fires('[F, G]', [
        event('x', 'y', 0),
        event('xy', '', 1),
        event('x', 'y', 2),
        event('x', null, 3),
        event('x', 'z', 4),
      ]),
      [null, 2, 2, null, 3],
    );
  });

  it('tells long values apart though it does not keep them', () => {
    const long = 'x'.repeat(5_000);
    assert.deepEqual(fires('F', values(`${long}1${long}`, `${long}1${long}`, `${long}2${long}`)), [
      null,
      null,
      2,
    ]);
  });
});

describe('value_sum, value_avg and value_median', () => {
  const fires = (type: string, condition: string, steps: Steps): readonly (number | null)[] =>
    course(`type: ${type}\nrules: [a]\ntimespan: 10s\ncondition:\n  field: F\n  ${condition}`).values(steps);

  it('compute over the numbers of the window', () => {
    const steps = values(1, 5, 3, 3.5);
    assert.deepEqual(fires('value_sum', 'gt: 0', steps), [1, 6, 9, 12.5]);
    assert.deepEqual(fires('value_avg', 'gt: 0', steps), [1, 3, 3, 3.125]);
    assert.deepEqual(fires('value_median', 'gt: 0', steps), [1, 3, 3, 3.25]);
  });

  it('compare with fractions', () => {
    assert.deepEqual(fires('value_avg', 'gte: 1.5', values(1, 2)), [null, 1.5]);
  });

  it('take texts that spell numbers, and ignore everything else', () => {
    assert.deepEqual(
      fires(
        'value_sum',
        'gte: 0',
        values('10', 'many', null, true, '1e999', undefined, '2.5', [1, 'x', '2']),
      ),
      [10, null, null, null, null, null, 12.5, 15.5],
    );
    assert.deepEqual(fires('value_avg', 'lt: 5', values('many')), [null]);
  });

  it('do not remember what a large number rounded away', () => {
    const steps: Steps = [
      [0, { is: 'a', F: 1e300 }],
      [5, { is: 'a', F: 1 }],
      [11, { is: 'a', F: 0.25 }],
    ];
    assert.deepEqual(fires('value_sum', 'gte: 0', steps), [1e300, 1e300, 1.25]);
  });

  it('forget numbers that leave the window', () => {
    const steps: Steps = [
      [0, { is: 'a', F: 100 }],
      [5, { is: 'a', F: 1 }],
      [11, { is: 'a', F: 3 }],
    ];
    assert.deepEqual(fires('value_sum', 'gte: 0', steps), [100, 101, 4]);
    assert.deepEqual(fires('value_avg', 'gte: 0', steps), [100, 50.5, 2]);
    assert.deepEqual(fires('value_median', 'gte: 0', steps), [100, 50.5, 2]);
  });
});

describe('value_percentile', () => {
  const fires = (condition: string, steps: Steps): readonly (number | null)[] =>
    course(`type: value_percentile\nrules: [a]\ntimespan: 10s\ncondition:\n  field: F\n${condition}`).values(
      steps,
    );

  it('with percentile is that percentile, linear between the closest ranks', () => {
    const steps = values(40, 10, 30, 20);
    assert.deepEqual(fires('  gte: 0\n  percentile: 0', steps), [40, 10, 10, 10]);
    assert.deepEqual(fires('  gte: 0\n  percentile: 25', steps), [40, 17.5, 20, 17.5]);
    assert.deepEqual(fires('  gte: 0\n  percentile: 100', steps), [40, 40, 40, 40]);
    assert.deepEqual(fires('  gte: 0\n  percentile: 50', values('x')), [null]);
  });

  it('without it is the share of the events that have the same value', () => {
    assert.deepEqual(fires('  lte: 50', values('x', 'X', 'y', 'z', 'x', null)), [
      null,
      null,
      100 / 3,
      25,
      null,
      null,
    ]);
  });
});

describe('temporal', () => {
  const fires = (condition: string, steps: Steps): readonly (number | null)[] =>
    course(`type: temporal\nrules: [a, b, c]\ntimespan: 10s\n${condition}`).values(steps);

  it('without condition wants all rules, in any order', () => {
    assert.deepEqual(fires('', letters('cbab')), [null, null, 3, 3]);
  });

  it('with a map counts the distinct rules seen', () => {
    assert.deepEqual(fires('condition:\n  gte: 2', letters('aaba')), [null, null, 2, 2]);
    assert.deepEqual(fires('condition:\n  eq: 1', letters('aab')), [1, 1, null]);
  });

  it('with a text asks which rules were seen', () => {
    assert.deepEqual(fires('condition: a and (b or not c)', letters('bac')), [null, 2, 3]);
    assert.deepEqual(fires('condition: a and not c', letters('aca')), [1, null, null]);
    assert.deepEqual(fires('condition: 1 of them', letters('c')), [1]);
  });

  it('forgets rules that leave the window', () => {
    assert.deepEqual(
      fires('condition: a and b', [
        [0, { is: 'a' }],
        [11, { is: 'b' }],
        [12, { is: 'a' }],
      ]),
      [null, null, 2],
    );
  });

  it('counts an event that several rules match for each of them', () => {
    assert.deepEqual(fires('', [[0, { is: ['a', 'b', 'c'] }]]), [3]);
  });
});

describe('temporal_ordered', () => {
  const fires = (condition: string, steps: Steps): readonly (number | null)[] =>
    course(`type: temporal_ordered\nrules: [a, b, c]\ntimespan: 10s\n${condition}`).values(steps);

  it('wants the rules in their order, with anything in between', () => {
    assert.deepEqual(fires('', letters('abc')), [null, null, 3]);
    assert.deepEqual(fires('', letters('acb')), [null, null, null]);
    assert.deepEqual(fires('', letters('cabbac')), [null, null, null, null, null, 3]);
  });

  it('does not take a start that left the window', () => {
    const steps = (first: number): Steps => [
      [first, { is: 'a' }],
      [5, { is: 'b' }],
      [10, { is: 'c' }],
      [11, { is: 'a' }],
    ];
    assert.deepEqual(fires('', steps(0)), [null, null, 3, null]);
    assert.deepEqual(fires('', steps(-1)), [null, null, null, null]);
  });

  it('forgets starts that left the window, however many they were', () => {
    for (let count = 100; count < 150; count += 1) {
      const many = Array.from({ length: count }, (_, at) => [at, { is: 'a' }] as const);
      const after = ['b', 'c', 'a', 'b', 'c'].map((is, at) => [count + 10 + at, { is }] as const);
      assert.deepEqual(fires('', [...many, ...after]).slice(count), [null, null, null, null, 3]);
    }
  });

  it('goes by time where events come late, and by arrival at the same time', () => {
    assert.deepEqual(
      fires('', [
        [3, { is: 'c' }],
        [1, { is: 'a' }],
        [2, { is: 'b' }],
      ]),
      [null, null, 3],
    );
    const same = (text: string): Steps => [...text].map((letter) => [1, { is: letter }] as const);
    assert.deepEqual(fires('', same('abc')), [null, null, 3]);
    assert.deepEqual(fires('', same('acb')), [null, null, null]);
  });

  it('takes one event that several rules match as in order', () => {
    assert.deepEqual(fires('', [[0, { is: ['a', 'b', 'c'] }]]), [3]);
    const other = course('type: temporal_ordered\nrules: [c, a, b]\ntimespan: 10s');
    assert.deepEqual(other.values([[0, { is: ['a', 'b', 'c'] }]]), [3]);
  });

  it('with a map counts the longest run of rules in their order', () => {
    assert.deepEqual(fires('condition:\n  gte: 2', letters('cac')), [null, null, 2]);
    assert.deepEqual(fires('condition:\n  gte: 2', letters('cba')), [null, null, null]);
  });

  it('with a text asks for the order of the rules that it names without not', () => {
    assert.deepEqual(fires('condition: a and c', letters('bac')), [null, null, 3]);
    assert.deepEqual(fires('condition: a and c', letters('cba')), [null, null, null]);
    assert.deepEqual(fires('condition: a and c and not b', letters('acb')), [null, 2, null]);
    assert.deepEqual(fires('condition: (a and c) or not b', letters('bac')), [null, null, 3]);
  });
});
