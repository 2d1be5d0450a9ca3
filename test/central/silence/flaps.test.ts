import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flaps } from '../../../central/silence/flaps.ts';
import { silenceSettings } from '../../../central/silence/settings.ts';

const MINUTE = 60_000;
const SETTINGS = silenceSettings({ fold_ms: 10 * MINUTE, fold_max_ms: 30 * MINUTE, forget_ms: 60 * MINUTE });

test('an agent that comes and goes is told at growing intervals, with how often it was silent', () => {
  const flaps = new Flaps(SETTINGS);
  const told: [number, number][] = [];
  for (let minute = 0; minute <= 180; minute += 1) {
    const count = flaps.fell('a', minute * MINUTE);
    if (count > 0) told.push([minute, count]);
  }
  assert.deepEqual(told, [
    [0, 1],
    [10, 10],
    [30, 20],
    [60, 30],
    [90, 30],
    [120, 30],
    [150, 30],
    [180, 30],
  ]);
});

test('an agent that flaps and then stays away is told of, though its last silence was folded', () => {
  const flaps = new Flaps(SETTINGS);
  assert.equal(flaps.fell('a', 0), 1);
  assert.equal(flaps.isTold('a'), true);
  assert.equal(flaps.fell('a', MINUTE), 0);
  assert.equal(flaps.isTold('a'), false);
  assert.equal(flaps.due('a', 10 * MINUTE - 1), 0);
  assert.equal(flaps.due('a', 10 * MINUTE), 1);
  assert.equal(flaps.due('a', 11 * MINUTE), 0);
});

test('an agent that was good for long is told at once again; one that is silent still is not forgotten', () => {
  const flaps = new Flaps(SETTINGS);
  flaps.fell('a', 0);
  flaps.fell('b', 0);
  flaps.trim(60 * MINUTE, (agent) => agent === 'b');
  assert.equal(flaps.fell('a', 61 * MINUTE), 1);
  assert.equal(flaps.isTold('a'), true);
  assert.equal(flaps.isTold('b'), true);
});
