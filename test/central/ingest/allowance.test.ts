import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from '../../../central/ingest/allowance.ts';

const RATES = { frames_per_second: 10, bytes_per_second: 1_000, alerts_per_second: 100 };

test('an agent may send two seconds of its rate at once, and then as fast as its rate', () => {
  const allowance = new Allowance(RATES, 0);
  for (let frame = 0; frame < 20; frame += 1) allowance.takeFrame(0, 0);
  assert.equal(allowance.owes(0), false);
  allowance.takeFrame(0, 0);
  assert.equal(allowance.owes(99), true);
  assert.equal(allowance.owes(101), false);
});

test('bytes and alerts are counted on their own', () => {
  const bytes = new Allowance(RATES, 0);
  bytes.takeFrame(2_500, 0);
  assert.deepEqual([bytes.owes(499), bytes.owes(501)], [true, false]);
  const alerts = new Allowance(RATES, 0);
  alerts.takeAlerts(256, 0);
  assert.deepEqual([alerts.owes(559), alerts.owes(561)], [true, false]);
});

test('only frames by the hundred at once are a flood; large ones are not', () => {
  const allowance = new Allowance(RATES, 0);
  allowance.takeFrame(1e9, 0);
  allowance.takeAlerts(1e6, 0);
  assert.equal(allowance.isFlooded, false);
  for (let frame = 0; frame < 119; frame += 1) allowance.takeFrame(0, 0);
  assert.equal(allowance.isFlooded, false);
  allowance.takeFrame(0, 0);
  assert.equal(allowance.isFlooded, true);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  const allowance = new Allowance(RATES, 1_000);
  for (let frame = 0; frame < 21; frame += 1) allowance.takeFrame(0, 1_000);
  assert.equal(allowance.owes(0), true);
  assert.equal(allowance.owes(100), false);
});
