import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Course, course } from './shared.ts';

/** Milliseconds. */
const TIMESPAN = 10_000;
const GAP = 3_000;
const RULES = ['a', 'b', 'c'];

interface Step {
  readonly time: number;
  readonly is: readonly string[];
  readonly group: string;
  readonly F: unknown;
}
interface Plan {
  readonly type: string;
  readonly window: string;
  readonly bound: readonly [operator: string, value: number];
  readonly percentile: number | null;
}

/** Seconds between events, seconds that an event comes late, rules, group, value. */
const steps = fc
  .array(
    fc.record({
      pause: fc.integer({ min: 0, max: 4 }),
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 9 })),
      is: fc.subarray([...RULES, 'none'], { minLength: 1, maxLength: 2 }),
      group: fc.constantFrom('x', 'y'),
      F: fc.constantFrom(1, 2, 2, 3, -1, 0.1, 0.7, 2 ** 53, '2', 'two', null, [1, 'two'], []),
    }),
    { maxLength: 60 },
  )
  .map((list) => {
    let now = 100_000;
    return list.map(({ pause, late, ...rest }): Step => {
      now += pause * 1_000;
      return { ...rest, time: now - late * 1_000 };
    });
  });

const plans: fc.Arbitrary<Plan> = fc.record({
  type: fc.constantFrom(
    'event_count',
    'value_count',
    'value_sum',
    'value_avg',
    'value_median',
    'value_percentile',
    'temporal',
    'temporal_ordered',
  ),
  window: fc.constantFrom('sliding', 'sliding', 'tumbling', 'session'),
  bound: fc.tuple(fc.constantFrom('gt', 'gte', 'lt', 'lte', 'eq', 'neq'), fc.integer({ min: 0, max: 4 })),
  percentile: fc.constantFrom(null, 0, 30, 90),
});

function body({ type, window, bound, percentile }: Plan): string {
  const field = type.startsWith('value_') ? '\n  field: F' : '';
  const rank = type === 'value_percentile' && percentile !== null ? `\n  percentile: ${percentile}` : '';
  const gap = window === 'session' ? `\ngap: ${GAP / 1_000}s` : '';
  return (
    `type: ${type}\nrules: [${RULES.join(', ')}]\ngroup-by: [G]\ntimespan: ${TIMESPAN / 1_000}s\n` +
    `window: ${window}${gap}\ncondition:\n  ${bound[0]}: ${bound[1]}${field}${rank}`
  );
}

/** The values of a step that the type looks at; undefined where it has none. */
function looksAt(step: Step, { type, percentile }: Plan): readonly unknown[] | undefined {
  if (!type.startsWith('value_')) return [];
  const elements = (Array.isArray(step.F) ? step.F : [step.F]).filter((each) => each !== null);
  if (type === 'value_count') return elements.length === 0 ? undefined : elements.map(String);
  if (type === 'value_percentile' && percentile === null) {
    return elements.length === 0 ? undefined : [elements.join('|')];
  }
  const numbers = elements.map(Number).filter((each) => !Number.isNaN(each));
  return numbers.length === 0 ? undefined : numbers;
}

/** The window after the last step of a history: all of it is looked at anew. */
function windowOf(history: readonly Step[], { window }: Plan): readonly Step[] {
  const newest = Math.max(...history.map(({ time }) => time));
  const sorted = (list: readonly Step[]): readonly Step[] =>
    list.toSorted((one, other) => one.time - other.time);
  if (window === 'sliding') return sorted(history.filter(({ time }) => time >= newest - TIMESPAN));
  if (window === 'tumbling') {
    const bucket = (time: number): number => Math.floor(time / TIMESPAN);
    return sorted(history.filter(({ time }) => bucket(time) === bucket(newest)));
  }
  let session: readonly Step[] = [];
  for (const step of history) {
    const times = [...session, step].map(({ time }) => time).toSorted((one, other) => one - other);
    const whole = times.every((time, at) => at === 0 || time - (times[at - 1] ?? 0) <= GAP);
    const fits = (times.at(-1) ?? 0) - (times[0] ?? 0) <= TIMESPAN;
    const last = Math.max(...session.map(({ time }) => time));
    if (session.length === 0 || (whole && fits)) session = [...session, step];
    else if (step.time > last) session = [step];
  }
  return sorted(session);
}

/** The longest subsequence that goes through rules in their order, by trying all of them. */
function longestRun(window: readonly Step[]): number {
  const from = (at: number, rule: number): number => {
    let best = 0;
    for (let next = at; next < window.length; next += 1) {
      for (let place = rule; place < RULES.length; place += 1) {
        if (!window[next]?.is.includes(RULES[place] ?? '')) continue;
        best = Math.max(best, 1 + from(next, place + 1));
      }
    }
    return best;
  };
  return from(0, 0);
}

function valueAfter(window: readonly Step[], latest: Step, plan: Plan): number {
  const data = window.map((step) => looksAt(step, plan) ?? []);
  const numbers = data.flat().map(Number);
  const sorted = numbers.toSorted((one, other) => one - other);
  const rankOf = (percentile: number): number => {
    const rank = (percentile / 100) * (sorted.length - 1);
    const low = sorted[Math.floor(rank)] ?? 0;
    return low + ((sorted[Math.ceil(rank)] ?? 0) - low) * (rank - Math.floor(rank));
  };
  const sum = numbers.reduce((total, each) => total + each, 0);
  const own = looksAt(latest, plan)?.[0];
  switch (plan.type) {
    case 'event_count':
      return window.length;
    case 'value_count':
      return new Set(data.flat()).size;
    case 'value_sum':
      return sum;
    case 'value_avg':
      return sum / numbers.length;
    case 'value_median':
      return rankOf(50);
    case 'value_percentile':
      if (plan.percentile !== null) return rankOf(plan.percentile);
      return (100 * data.filter(([value]) => value === own).length) / window.length;
    case 'temporal':
      return RULES.filter((rule) => window.some(({ is }) => is.includes(rule))).length;
    default:
      return longestRun(window);
  }
}

const COMPARE: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  eq: (value, bound) => value === bound,
  neq: (value, bound) => value !== bound,
};

/** What fires after the last step: its value and the number of events in the window. */
function expected(history: readonly Step[], plan: Plan): readonly [value: number, count: number] | null {
  const latest = history.at(-1);
  if (latest === undefined) return null;
  const takesPart = (step: Step): boolean =>
    step.group === latest.group &&
    looksAt(step, plan) !== undefined &&
    RULES.some((rule) => step.is.includes(rule));
  const window = takesPart(latest) ? windowOf(history.filter(takesPart), plan) : [];
  if (!window.includes(latest)) return null;
  const value = valueAfter(window, latest, plan);
  const [operator, bound] = plan.bound;
  return COMPARE[operator]?.(value, bound) === true ? [value, window.length] : null;
}

function actual(it: Course, { time, is, group, F }: Step): readonly [value: number, count: number] | null {
  const [hit] = it.hits({ is, G: group, F }, time / 1_000);
  return hit === undefined ? null : [hit.value, hit.count];
}

describe('a correlation that follows events', () => {
  it('fires as if it looked at the whole history for each event', () => {
    let fired = 0;
    const property = fc.property(plans, steps, (plan, list) => {
      const it = course(body(plan));
      for (const [at, step] of list.entries()) {
        const found = actual(it, step);
        assert.deepEqual(found, expected(list.slice(0, at + 1), plan));
        if (found !== null) fired += 1;
      }
    });
    fc.assert(property, { numRuns: 500 });
    assert.ok(fired > 500, `only ${fired} events fired`);
  });
});
