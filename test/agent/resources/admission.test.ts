import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../../agent/resources/admission.ts';
import type { CollectorEvent, Loss } from '../../../wire/index.ts';

const MEMBER = 77;

class Bench {
  now = 1_000_000;
  readonly losses: Loss[] = [];
  readonly admission = new Admission(
    (loss) => void this.losses.push(loss),
    (pid) => pid === MEMBER,
    () => this.now,
  );

  taken(kind: CollectorEvent['kind'], times: number, pid = 1): number {
    const event = { kind, pid } as CollectorEvent;
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
  bench.taken('inode_change', 150, MEMBER);
  bench.taken('file_open', 103);
  assert.equal(bench.admission.takesOutside(), false);
  bench.admission.tell();
  assert.deepEqual(
    bench.losses.map(({ stage, count, in_subtrees }) => [stage, count, in_subtrees]),
    [['resources', 54, 50]],
  );
  assert.match(bench.losses[0]?.detail ?? '', /53 deeds of processes .* and 1 starts/);
  bench.admission.takesOutside();
  bench.now += 59_000;
  bench.admission.tell();
  assert.equal(bench.losses.length, 1);
  bench.admission.narrow(false);
  bench.admission.tell();
  assert.deepEqual([bench.losses[1]?.count, bench.losses[1]?.in_subtrees], [1, 0]);
  assert.equal(bench.admission.takesOutside(), true);
});
