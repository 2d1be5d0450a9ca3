import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reconnection } from '../../../agent/uplink/reconnection.ts';

test('a fleet whose central went away spreads its return over the window that it was given', () => {
  for (const code of [1001, 1006]) {
    for (const [random, expected] of [
      [0, 0],
      [0.5, 30_000],
      [0.999, 59_940],
    ] as const) {
      const reconnection = new Reconnection(() => random);
      reconnection.welcomed(60_000);
      assert.equal(reconnection.next(code, true), expected);
    }
  }
});

test('attempts that lead to nothing are spaced out, and a welcome begins anew', () => {
  const reconnection = new Reconnection(() => 1);
  const waits = Array.from({ length: 10 }, () => reconnection.next(1006, false));
  assert.deepEqual(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  reconnection.welcomed(0);
  assert.equal(reconnection.next(1006, false), 200);
});

test('a central without room is left alone for as long as it asks', () => {
  const waitAfter = (status: number, header: string | undefined, random: number) => {
    const reconnection = new Reconnection(() => random);
    reconnection.turnedAway(status, header);
    return [reconnection.next(1006, false), reconnection.next(1006, false)];
  };
  assert.deepEqual(waitAfter(503, '60', 0), [60_000, 200]);
  assert.deepEqual(waitAfter(503, '60', 1), [120_000, 400]);
  assert.deepEqual(waitAfter(503, undefined, 0), [30_000, 200]);
  assert.deepEqual(waitAfter(503, 'Fri, 31 Dec 1999 23:59:59 GMT', 0), [30_000, 200]);
  assert.deepEqual(waitAfter(503, '99999999', 0), [600_000, 200]);
  assert.deepEqual(waitAfter(503, '-5', 0), [0, 200]);
  assert.deepEqual(waitAfter(401, '60', 0), [100, 200]);
});

test('a refusal for want of room, and a connection that another process took, are not answered at once', () => {
  for (const code of [1013, 4409]) {
    const reconnection = new Reconnection(() => 0);
    reconnection.welcomed(1_000);
    assert.equal(reconnection.next(code, true), 30_000);
  }
});
