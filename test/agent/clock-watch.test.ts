import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '../../agent/clock-watch.ts';

test('a clock that is set is told with its sign; sleep and small corrections are not', () => {
  const jumps: number[] = [];
  let [wall, boot] = [1_000_000, 1_000];
  const watch = new ClockWatch(
    (jump) => jumps.push(jump),
    () => wall,
    () => boot,
  );
  const pass = (wallMs: number, bootMs: number) => {
    wall += wallMs;
    boot += bootMs;
    watch.check();
  };
  watch.check();
  pass(5_000, 5_000);
  pass(8 * 3_600_000, 8 * 3_600_000);
  pass(6_000, 5_000);
  assert.deepEqual(jumps, []);
  pass(5_000 - 86_400_000, 5_000);
  pass(5_000, 5_000);
  pass(65_000, 5_000);
  assert.deepEqual(jumps, [-86_400_000, 60_000]);
});
