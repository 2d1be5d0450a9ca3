import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterLossFrame, lossesOf, sumOfLosses } from '../../../central/ingest/losses.ts';

const NOTHING = { lost: {}, lostBefore: {}, since: null };

test('totals of one run replace each other and never fall; a new run begins beside the old one', () => {
  let kept = afterLossFrame(NOTHING, 'one', { spool: 3 });
  kept = afterLossFrame(kept, 'one', { spool: 5, queue: 1 });
  kept = afterLossFrame(kept, 'one', { spool: 4 });
  assert.deepEqual(kept, { since: 'one', lost: { spool: 5, queue: 1 }, lostBefore: {} });
  kept = afterLossFrame(kept, 'two', { queue: 2 });
  assert.deepEqual(kept, { since: 'two', lost: { queue: 2 }, lostBefore: { spool: 5, queue: 1 } });
  kept = afterLossFrame(kept, 'three', {});
  assert.deepEqual(sumOfLosses(kept.lost, kept.lostBefore), { spool: 5, queue: 3 });
});

test('an agent that invents stages and numbers cannot make the row grow without end', () => {
  let kept = afterLossFrame(NOTHING, 'run', {});
  for (let run = 0; run < 200; run += 1) {
    kept = afterLossFrame(kept, `run ${run}`, { [`stage ${run}`]: Number.MAX_SAFE_INTEGER });
  }
  assert.equal(Object.keys(kept.lostBefore).length, 64);
  assert.equal(kept.lostBefore['other'], Number.MAX_SAFE_INTEGER);
});

test('a column that holds something else says nothing', () => {
  assert.deepEqual(lossesOf('{"spool":2}'), { spool: 2 });
  for (const text of ['', 'null', '[1]', '{"spool":"2"}']) assert.deepEqual(lossesOf(text), {});
});
