import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tuningAt } from '../../../agent/rules/tuning.ts';
import { settings } from './samples.ts';

const END = Date.parse('2026-12-01T00:00:00Z');
const FILTER = { title: 'known', filter: { rules: ['a'], s: { F: 1 }, condition: 'not s' } };
const TUNED = settings({
  rule_changes: [
    { rule: 'a', disable: true, reason: 'r' },
    { rule: 'b', level: 'low', until: '2026-12-01T01:00:00+01:00', reason: 'r' },
  ],
  exceptions: [
    { filter: FILTER, until: '2026-12-02T00:00:00Z', reason: 'r' },
    { filter: { filter: FILTER.filter }, reason: 'r' },
  ],
});

test('an entry counts up to the moment at which it ends, whatever its time zone', () => {
  const rules = (now: number) => tuningAt(TUNED, now).adjustments.map(({ rule }) => rule);
  assert.deepEqual([rules(END - 1), rules(END), rules(END + 1)], [['a', 'b'], ['a'], ['a']]);
});

test('what is still to end is told with the next one first, what has ended apart', () => {
  const before = tuningAt(TUNED, END - 1);
  assert.deepEqual(
    before.ending.map(({ place, about, until }) => [place, about, until - END]),
    [
      ['rule_changes[1]', 'b', 0],
      ['exceptions[0]', 'known', 24 * 3_600_000],
    ],
  );
  assert.deepEqual(before.ended, []);
  const after = tuningAt(TUNED, END);
  assert.deepEqual([after.ended.map(({ place }) => place), after.ending.length], [['rule_changes[1]'], 1]);
});

test('an exception is a Sigma filter whose path says where it stands in the config', () => {
  const [first, second] = tuningAt(TUNED, END).exceptions;
  assert.deepEqual([first?.path, second?.path], ['agent.yml: exceptions[0]', 'agent.yml: exceptions[1]']);
  assert.match(first?.text ?? '', /^title: known\nfilter:\n/);
});
