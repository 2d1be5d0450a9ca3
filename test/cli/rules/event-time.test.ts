import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTime, parseTime } from '../../../cli/rules/event-time.ts';

const NOON = Date.UTC(2026, 10, 28, 12);

test('ISO 8601 is understood with and without zone, seconds and fractions', () => {
  for (const [text, time] of [
    ['2026-11-28T12:00:00Z', NOON],
    ['2026-11-28T12:00:00.250Z', NOON + 250],
    ['2026-11-28T12:00:00,25Z', NOON + 250],
    ['2026-11-28T12:00:00.123456789Z', NOON + 123],
    ['2026-11-28 12:00:00.500', NOON + 500],
    ['2026-11-28T14:00+02:00', NOON],
    ['2026-11-28T14:00:00+0200', NOON],
    ['2026-11-28T10:30:00-01:30', NOON],
    ['2026-11-28T14:00:00 +02', NOON],
    [' 2026-11-28t12:00:00z ', NOON],
    ['2026-11-28', Date.UTC(2026, 10, 28)],
  ] as const)
    assert.equal(parseTime(text), time, text);
});

test('numbers are seconds below 1e11, else milliseconds, also as text', () => {
  for (const [value, time] of [
    [1_795_867_200, 1_795_867_200_000],
    [1_795_867_200.5, 1_795_867_200_500],
    ['1795867200.5', 1_795_867_200_500],
    [1_795_867_200_123, 1_795_867_200_123],
    ['1795867200123', 1_795_867_200_123],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [0, 0],
  ] as const)
    assert.equal(parseTime(value), time, String(value));
});

test('what is no time is not taken for one', () => {
  for (const value of [
    '',
    'noon',
    '28.11.2026',
    '2026-13-01T00:00:00Z',
    '12:00',
    Number.NaN,
    null,
    true,
    ['2026-11-28'],
    {},
  ])
    assert.equal(parseTime(value), null, String(value));
});

test('the first usual field with a time counts, and an event without one has that of the one before', () => {
  const time = new EventTime(null);
  const of = (fields: Record<string, string | number>) => time.of({ fields });
  assert.equal(of({}), 0);
  assert.equal(of({ ts: 5, 'event.created': 4, UtcTime: 3, time: 2, timestamp: 1 }), 1000);
  assert.equal(of({ '@timestamp': 'unknown', time: 2 }), 2000);
  assert.equal(of({ Image: 'x' }), 2000);
  assert.equal(of({ 'event.created': 4 }), 4000);
  assert.equal(time.untold, 2);
  const named = new EventTime('when');
  assert.equal(named.of({ fields: { time: 9, when: 7 } }), 7000);
  assert.equal(named.of({ fields: { time: 9 } }), 7000);
});
