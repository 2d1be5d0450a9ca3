import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequenceGaps } from '../../../../collectors/process/eslogger/sequence.ts';

/** What each number shows to be missing; null is a line without one. */
function missing(...numbers: readonly (number | null)[]): (number | null)[] {
  const gaps = new SequenceGaps();
  return numbers.map((number) => {
    if (number !== null) return gaps.take(number);
    gaps.skip();
    return null;
  });
}

test('a gap between numbers is counted exactly, from the first number on', () => {
  assert.deepEqual(missing(0, 1, 2), [0, 0, 0]);
  assert.deepEqual(missing(3, 4, 9), [3, 0, 4]);
});

test('a line whose number could not be read is not counted a second time', () => {
  assert.deepEqual(missing(0, null, 2), [0, null, 0]);
  assert.deepEqual(missing(0, null, null, 6, 7), [0, null, null, 3, 0]);
  assert.deepEqual(missing(0, null, 1, 3), [0, null, 0, 1]);
});

test('a number that comes again or late is no gap, and hides none', () => {
  assert.deepEqual(missing(0, 5, 3, 5, 6, 8), [0, 4, 0, 0, 0, 1]);
});
