import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { LoadShedding, type Shed } from '../../../agent/resources/load-shedding.ts';
import type { Pressure } from '../../../agent/resources/pressure.ts';
import type { Health } from '../../../wire/index.ts';

const MIB = 1024 * 1024;
const CALM: Pressure = {
  memory: { used: 50 * MIB, limit: 200 * MIB },
  stalled: 0,
  heap: { used: 20 * MIB, limit: 2_000 * MIB },
  throttled: 0,
};
/** Looks that find room before a step is taken back. */
const CALM_CHECKS = 6;

class Bench {
  pressure: Pressure = CALM;
  readonly did: string[] = [];
  readonly health: Health[] = [];
  collected = 0;
  /** What is left once garbage is collected; the same unless set. */
  garbage: Partial<Pressure> = {};
  readonly shedding: LoadShedding;

  constructor() {
    const step = (words: string, spares: Shed['spares']): Shed => ({
      words,
      spares,
      shed: () => void this.did.push(`shed ${words}`),
      restore: () => void this.did.push(`restore ${words}`),
    });
    this.shedding = new LoadShedding({
      pressure: () => this.pressure,
      steps: [step('caches', ['memory']), step('pace', ['memory', 'cpu']), step('detail', ['memory', 'cpu'])],
      onHealth: (health) => void this.health.push(health),
      onLook: () => {},
      collectGarbage: () => {
        this.collected += 1;
        this.pressure = { ...this.pressure, ...this.garbage };
      },
    });
  }

  look(pressure: Partial<Pressure>, times = 1): readonly string[] {
    this.pressure = { ...CALM, ...pressure };
    this.did.length = 0;
    for (let time = 0; time < times; time += 1) this.shedding.check();
    return [...this.did];
  }

  get last(): readonly (string | null | undefined)[] {
    const last = this.health.at(-1);
    return [last?.state, last?.code];
  }
}

const memory = (percent: number) => ({ memory: { used: percent * 2 * MIB, limit: 200 * MIB } });

test('one thing after the other is given up as memory runs short, and V8 collects what is let go of', () => {
  const bench = new Bench();
  assert.deepEqual(bench.look(memory(74)), []);
  assert.deepEqual(bench.look(memory(76)), ['shed caches']);
  assert.equal(bench.collected, 2);
  assert.deepEqual(bench.last, ['degraded', 'memory-short']);
  assert.deepEqual(bench.look(memory(86)), ['shed pace']);
  assert.deepEqual(bench.look(memory(94)), ['shed detail']);
  assert.equal(bench.health.at(-1)?.detail, '3 of 3 steps (caches; pace; detail): memory 94 % of 200 MiB');
  assert.equal(bench.health.length, 3);
  assert.deepEqual(bench.look(memory(99), 3), []);
  assert.equal(bench.health.length, 3);
});

test('garbage is no shortage, unless it comes again at once', () => {
  const bench = new Bench();
  bench.garbage = memory(40);
  assert.deepEqual(bench.look(memory(97)), []);
  assert.equal(bench.collected, 1);
  assert.deepEqual(bench.look({}, CALM_CHECKS), []);
  assert.deepEqual(bench.look(memory(97)), []);
  assert.deepEqual([bench.collected, bench.health.length], [2, 0]);
  assert.deepEqual(bench.look(memory(80)), ['shed caches']);
});

test('a sudden shortage takes all steps at once', () => {
  const bench = new Bench();
  assert.deepEqual(bench.look(memory(97)), ['shed caches', 'shed pace', 'shed detail']);
});

test('what was given up comes back the last first, each after a while with room, and that is told', () => {
  const bench = new Bench();
  bench.look(memory(97));
  assert.deepEqual(bench.look({}, CALM_CHECKS - 1), []);
  assert.deepEqual(bench.look({}), ['restore detail']);
  assert.deepEqual(bench.look({}, CALM_CHECKS), ['restore pace']);
  assert.deepEqual(bench.last, ['degraded', 'memory-short']);
  assert.deepEqual(bench.look({}, CALM_CHECKS), ['restore caches']);
  assert.deepEqual(bench.last, ['ok', null]);
  assert.match(bench.health.at(-1)?.detail ?? '', /^nothing is left out: memory 25 % of 200 MiB$/);
  assert.deepEqual(bench.look({}, CALM_CHECKS * 2), []);
});

test('a step that would be needed again at once is not taken back, and room must last', () => {
  const bench = new Bench();
  bench.look(memory(76));
  assert.deepEqual(bench.look(memory(70), CALM_CHECKS * 3), []);
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(bench.look({}, CALM_CHECKS - 1), []);
    assert.deepEqual(bench.look(memory(74)), []);
  }
  assert.deepEqual(bench.look({}, CALM_CHECKS), ['restore caches']);
});

test('waiting for memory and a full heap count as well, each by its code', () => {
  const bench = new Bench();
  assert.deepEqual(bench.look({ stalled: 0.25 }), ['shed caches', 'shed pace']);
  assert.deepEqual(bench.last, ['degraded', 'memory-short']);
  const other = new Bench();
  assert.deepEqual(other.look({ memory: null, heap: { used: 95, limit: 100 } }).length, 3);
  assert.deepEqual(other.last, ['degraded', 'heap-short']);
});

test('a CPU quota in the way for long lowers the work, and leaves the caches that save it', () => {
  const bench = new Bench();
  assert.deepEqual(bench.look({ throttled: 0.5 }, 2), []);
  assert.deepEqual(bench.look({ throttled: 0 }), []);
  assert.deepEqual(bench.look({ throttled: 0.5 }, 3), ['shed pace']);
  assert.deepEqual(bench.last, ['degraded', 'cpu-short']);
  assert.deepEqual(bench.look({ throttled: 0.9 }), ['shed detail']);
  assert.equal(bench.collected, 0);
  assert.deepEqual(bench.look({}, CALM_CHECKS * 2), ['restore detail', 'restore pace']);
  assert.deepEqual(bench.last, ['ok', null]);
});

test('a host without limits is left alone', () => {
  const bench = new Bench();
  const free = { memory: null, stalled: null, throttled: null };
  assert.deepEqual(bench.look(free, 10), []);
});

test('at the start it says what there is', () => {
  const bench = new Bench();
  bench.shedding.start();
  bench.shedding.stop();
  assert.deepEqual(
    bench.health.map(({ collector, state }) => [collector, state]),
    [['resources', 'ok']],
  );
});

test('what is let go of leaves the heap at once', () => {
  let cache: object[] | null = Array.from({ length: 400_000 }, (_, index) => ({ index }));
  const full = getHeapStatistics().used_heap_size;
  const shedding = new LoadShedding({
    pressure: () => ({ ...CALM, ...memory(80) }),
    steps: [
      {
        words: '',
        spares: ['memory'],
        shed: () => {
          cache = null;
        },
        restore: () => {},
      },
      { words: '', spares: [], shed: () => {}, restore: () => {} },
      { words: '', spares: [], shed: () => {}, restore: () => {} },
    ],
    onHealth: () => {},
    onLook: () => {},
  });
  assert.equal(cache.length, 400_000);
  shedding.check();
  assert.ok(full - getHeapStatistics().used_heap_size > 8 * MIB);
});
