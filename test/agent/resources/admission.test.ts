import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../../agent/resources/admission.ts';
import type { CollectorEvent, Loss } from '../../../wire/index.ts';

class Bench {
  now = 1_000_000;
  readonly losses: Loss[] = [];
  readonly admission = new Admission(
    (loss) => void this.losses.push(loss),
    () => this.now,
  );

  taken(kind: CollectorEvent['kind'], times: number): number {
    const event = { kind } as CollectorEvent;
    return Array.from({ length: times }, () => this.admission.takes(event)).filter(Boolean).length;
  }
}

test('while there is room everything is looked at', () => {
  const bench = new Bench();
  assert.equal(bench.taken('file_open', 500), 500);
  assert.equal(bench.admission.takesOutside(), true);
  bench.admission.tell();
  assert.deepEqual(bench.losses, []);
});

test('floods are cut by kind and second, and starts and ends of processes never', () => {
  const bench = new Bench();
  bench.admission.narrow(true);
  assert.equal(bench.taken('process_socket', 250), 100);
  assert.equal(bench.taken('file_open', 30), 30);
  for (const kind of ['process_exec', 'process_fork', 'process_exit', 'process_member', 'tamper'] as const)
    assert.equal(bench.taken(kind, 500), 500, kind);
  bench.now += 1_000;
  assert.equal(bench.taken('process_socket', 250), 100);
});

test('what was left out is told once a minute, and the rest as soon as all is looked at again', () => {
  const bench = new Bench();
  bench.admission.narrow(true);
  bench.taken('inode_change', 150);
  assert.equal(bench.admission.takesOutside(), false);
  bench.admission.tell();
  assert.deepEqual(
    bench.losses.map(({ stage, count }) => [stage, count]),
    [['resources', 51]],
  );
  assert.match(bench.losses[0]?.detail ?? '', /50 deeds of processes .* and 1 starts/);
  bench.admission.takesOutside();
  bench.now += 59_000;
  bench.admission.tell();
  assert.equal(bench.losses.length, 1);
  bench.admission.narrow(false);
  bench.admission.tell();
  assert.equal(bench.losses[1]?.count, 1);
  assert.equal(bench.admission.takesOutside(), true);
});
