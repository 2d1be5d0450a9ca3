import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Course, course } from './shared.ts';

const counted = (more: string, limits?: Parameters<typeof course>[1]): Course =>
  course(`type: event_count\nrules: [a, b]\ntimespan: 10s\ncondition:\n  gte: 1\n${more}`, limits);
/** The counts of events of rule `a` at these seconds. */
const counts = (more: string, ...seconds: readonly number[]): readonly (number | null)[] =>
  counted(more).values(seconds.map((at) => [at, { is: 'a' }] as const));

describe('a sliding window', () => {
  it('holds what is exactly one timespan old, and nothing older', () => {
    assert.deepEqual(counts('', 0, 10), [1, 2]);
    assert.deepEqual(counts('', 0, 10.001), [1, 1]);
    assert.deepEqual(counts('window: sliding', 0, 5, 10, 15.5), [1, 2, 3, 2]);
  });

  it('takes an event that comes late within the timespan, and lets it go by its time', () => {
    assert.deepEqual(counts('', 20, 12, 22, 23), [1, 2, 3, 3]);
    assert.deepEqual(counts('', 20, 10, 15, 21, 25.5), [1, 2, 3, 3, 3]);
  });

  it('gives an event from before a window of its own, and goes on with the current one', () => {
    assert.deepEqual(counts('', 100, 50, 101, 51), [1, 1, 2, 1]);
    assert.deepEqual(counts('', 100, 50, 55, 101), [1, 1, 2, 2]);
  });

  it('goes on at once where the clock is set back, and holds nothing for ever', () => {
    const it = counted('');
    it.values([10_000, 10_001, 10_002].map((at) => [at, { is: 'a' }]));
    const after = Array.from({ length: 40 }, (_, at) => 100 + at);
    const values = it.values(after.map((at) => [at, { is: 'a' }]));
    assert.deepEqual(values.slice(0, 4), [1, 2, 3, 4]);
    assert.equal(values.at(-1), 11);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 11 });
  });

  it('survives times that are no times', () => {
    const it = counted('');
    assert.deepEqual(it.hits({ is: 'a' }, Number.NaN), []);
    assert.deepEqual(it.hits({ is: 'a' }, Number.POSITIVE_INFINITY), []);
    assert.equal(it.hits({ is: 'a' }, -5)[0]?.value, 1);
  });
});

describe('a tumbling window', () => {
  it('is aligned to the epoch', () => {
    assert.deepEqual(counts('window: tumbling', 8, 9.999, 10, 19, 20), [1, 2, 1, 2, 1]);
    assert.deepEqual(counts('window: tumbling', -1, 0), [1, 1]);
  });

  it('drops a late event of an earlier bucket', () => {
    assert.deepEqual(counts('window: tumbling', 12, 15, 9, 16), [1, 2, null, 3]);
  });
});

describe('a session window', () => {
  it('goes on while the gap is not exceeded, and for one timespan at most', () => {
    assert.deepEqual(counts('window: session\ngap: 3s', 0, 3, 6.001, 9, 12.5), [1, 2, 1, 2, 1]);
    assert.deepEqual(counts('window: session\ngap: 5s', 0, 5, 10, 10.5), [1, 2, 3, 1]);
  });

  it('takes late events that touch it, and drops others', () => {
    assert.deepEqual(counts('window: session\ngap: 3s', 20, 19, 17, 11, 21), [1, 2, 3, null, 4]);
  });
});

describe('groups', () => {
  const values = (groupBy: string, ...records: readonly Readonly<Record<string, unknown>>[]) =>
    counted(`group-by: ${groupBy}`).values(
      records.map((record, at) => [at, { is: 'a', ...record }] as const),
    );

  it('are one without group-by', () => {
    assert.deepEqual(counts('', 0, 1), [1, 2]);
  });

  it('are told apart by each field', () => {
    assert.deepEqual(values('[F, G]', { F: 'x', G: 'y' }, { F: 'x', G: 'z' }, { F: 'x', G: 'y' }), [1, 1, 2]);
    assert.deepEqual(values('[F, G]', { F: 'x1', G: 'y' }, { F: 'x', G: '1y' }), [1, 1]);
    assert.deepEqual(values('F', { F: 'x' }, { F: 'y' }, { F: 'x' }), [1, 1, 2]);
  });

  it('are compared as text, without case', () => {
    assert.deepEqual(values('F', { F: 'Root' }, { F: 'ROOT' }, { F: 5 }, { F: '5' }), [1, 2, 1, 2]);
  });

  it('have one of their own for events without the field', () => {
    assert.deepEqual(values('F', {}, { F: null }, { F: [] }, { F: '' }, { F: 'null' }), [1, 2, 3, 1, 1]);
  });

  it('take a list as its elements together', () => {
    assert.deepEqual(
      values('F', { F: ['x', 'y'] }, { F: 'x' }, { F: ['X', 'Y'] }, { F: ['x'] }, { F: ['xy'] }),
      [1, 1, 2, 2, 1],
    );
    assert.deepEqual(values('F', { F: ['xy', 'z'] }, { F: ['x', 'yz'] }), [1, 1]);
    const it = counted('group-by: F');
    assert.deepEqual(it.hits({ is: 'a', F: ['X', 'y'] }, 0)[0]?.group, { F: 'X, y' });
  });

  it('do not mistake what objects inherit for fields', () => {
    assert.deepEqual(values('constructor', {}, { constructor: null }, { constructor: 'x' }), [1, 2, 1]);
  });

  it('go by the aliased field of each rule, and by the alias for rules that it leaves out', () => {
    const it = course(
      'type: temporal\nrules: [a, b, c]\ngroup-by: [ip]\ntimespan: 10s\ncondition:\n  gte: 1\n' +
        'aliases:\n  ip:\n    a: src\n    id-b: dst',
    );
    const steps = [
      { is: 'a', src: '10.0.0.1', ip: 'other' },
      { is: 'b', dst: '10.0.0.1' },
      { is: 'b', dst: '10.0.0.2' },
      { is: 'c', ip: '10.0.0.1', src: 'other' },
    ].map((record, at) => [at, record] as const);
    assert.deepEqual(it.values(steps), [1, 2, 1, 3]);
  });

  it('may be several for one event that several rules match', () => {
    const it = course(
      'type: event_count\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 10s\ncondition:\n  gte: 1\n' +
        'aliases:\n  ip:\n    a: src\n    b: dst',
    );
    const hits = it.hits({ is: ['a', 'b'], src: 'x', dst: 'y' }, 0);
    assert.deepEqual(
      hits.map(({ group, rules }) => [group, rules]),
      [
        [{ ip: 'x' }, ['a']],
        [{ ip: 'y' }, ['b']],
      ],
    );
  });
});
