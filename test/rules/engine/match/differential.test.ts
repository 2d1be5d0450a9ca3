import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compileRules,
  type FieldScalar,
  type FieldValue,
  type RuleEvent,
} from '../../../../rules/engine/index.ts';

const SEED = 20261128;
const SETS = 100;
const RULES = 40;
const EVENTS = 50;

/** Numbers that are the same on each run (Mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  times<T>(count: number, make: () => T): readonly T[] {
    return Array.from({ length: count }, make);
  }
}

/** Pieces that rules and events share, so that they meet; with what folds, encodes and counts in odd ways. */
const PIECES = [
  'a',
  'B',
  'ab',
  'sh',
  '/sh',
  '/bin/',
  'curl',
  'Curl ',
  ' -x',
  '–x',
  'ſh',
  'K',
  'k',
  'İ',
  'ß',
  'ẞ',
  'Σας',
  'σ',
  'ΣΑΣ',
  'ü',
  'Ü',
  '🔥',
  '\u{10400}',
  '7',
  '42',
  '1.5',
  'true',
  'null',
  '\n',
  '"',
  '%a%',
  '$(',
  '10.0.0.1',
  'passwd',
  'etc/passwd',
  '-r ',
  '_',
] as const;
const FIELDS = ['Image', 'CommandLine', 'User', 'N'] as const;
const EXPRESSIONS = [
  'a+b',
  '^/bin/',
  'sh$',
  'curl|wget',
  '-(W|r)\\s',
  '(?i)CURL',
  '[ab]{2}',
  'c.rl',
  '\\bsh\\b',
  '(a|b)?curl',
  'x*',
  's+h',
  '(?:etc|usr)/pass',
] as const;
const LOGSOURCES = [
  '',
  'logsource: {category: process_creation, product: linux}',
  'logsource: {product: linux}',
  'logsource: {category: file_event}',
] as const;
const EVENT_SOURCES = [
  undefined,
  { category: 'process_creation', product: 'linux' },
  { category: 'file_event', product: 'linux' },
  { category: 'odd' },
  {},
] as const;

function text(dice: Dice, pieces: number): string {
  return dice.times(1 + dice.below(pieces), () => dice.of(PIECES)).join('');
}

function pattern(dice: Dice): string {
  const parts = dice.times(1 + dice.below(3), () => dice.of(PIECES));
  return parts.join(dice.of(['', '', '*', '?', '\\*']));
}

function quoted(value: string): string {
  return JSON.stringify(value);
}

/** A field with modifiers and values that fit them. */
function field(dice: Dice): string {
  const name = dice.of(FIELDS);
  const list = (make: () => string, least = 1): string =>
    `[${dice.times(least + dice.below(5), make).join(', ')}]`;
  const plain = (): string =>
    dice.chance(15) ? dice.of(['7', '42', 'true', '1.5', "''"]) : quoted(pattern(dice));
  switch (dice.below(14)) {
    case 0:
      return `${name}: ${list(plain)}`;
    case 1:
      return `${name}|contains: ${list(() => quoted(pattern(dice)))}`;
    case 2:
      return `${name}|startswith: ${list(() => quoted(pattern(dice)))}`;
    case 3:
      return `${name}|endswith: ${list(() => quoted(text(dice, 2)))}`;
    case 4:
      return `${name}|contains|all: ${list(() => quoted(text(dice, 1)), 2)}`;
    case 5:
      return `${name}|re${dice.of(['', '|i', '|m', '|s'])}: ${quoted(dice.of(EXPRESSIONS))}`;
    case 6:
      return `${name}|contains|cased: ${list(() => quoted(text(dice, 2)))}`;
    case 7:
      return `${name}|contains|windash: ${list(() => quoted(text(dice, 2)))}`;
    case 8:
      return `${name}|base64offset|contains: ${quoted(text(dice, 1).replaceAll(/[*?]/g, ''))}`;
    case 9:
      return `${name}|neq: ${quoted(dice.of(PIECES))}`;
    case 10:
      return `${name}|${dice.of(['exists: true', 'exists: false', 'gt: 5', 'cidr: 10.0.0.0/8'])}`;
    case 11:
      return `${name}|fieldref${dice.of(['', '|contains', '|startswith'])}: ${dice.of(FIELDS)}`;
    case 12:
      return `${name}: null`;
    default:
      return `${name}|expand: ${quoted(`${dice.of(PIECES)}%User%`)}`;
  }
}

function detection(dice: Dice): string {
  const map = (): string => {
    const fields = new Map(
      dice.times(1 + dice.below(3), () => field(dice)).map((each) => [each.split(':')[0], each]),
    );
    return `{${[...fields.values()].map((each) => each.replace(/^[^:]*/, quoted(each.split(':')[0] ?? ''))).join(', ')}}`;
  };
  if (dice.chance(20)) return `[${dice.times(1 + dice.below(3), () => quoted(text(dice, 2))).join(', ')}]`;
  return dice.chance(25) ? `[${dice.times(1 + dice.below(3), map).join(', ')}]` : map();
}

const CONDITIONS = [
  'a',
  'a and b',
  'a or b',
  'not a',
  'a and not b',
  '(a or b) and c',
  'all of *',
  '1 of b* or c',
  'not (a and b)',
];

function rule(dice: Dice, index: number): string {
  const detections = ['a', 'b', 'c'].map((name) => `  ${name}: ${detection(dice)}`);
  return [
    `title: r${index}`,
    dice.of(LOGSOURCES),
    'detection:',
    ...detections,
    `  condition: ${dice.of(CONDITIONS)}`,
  ].join('\n');
}

function event(dice: Dice): RuleEvent {
  const scalar = (): FieldScalar =>
    dice.chance(20) ? dice.of([7, 42, 1.5, true, false, null, -0, 1e21]) : text(dice, 5);
  const value = (): FieldValue => (dice.chance(15) ? dice.times(dice.below(4), scalar) : scalar());
  const fields = Object.fromEntries(FIELDS.filter(() => dice.chance(80)).map((name) => [name, value()]));
  const logsource = dice.of(EVENT_SOURCES);
  return logsource === undefined ? { fields } : { fields, logsource };
}

describe('the index over literal texts', () => {
  it('finds what trying every rule finds, on 200,000 pairs of rules and events', (t) => {
    const dice = new Dice(SEED);
    let pairs = 0;
    let hits = 0;
    for (let set = 0; set < SETS; set += 1) {
      const sources = Array.from({ length: RULES }, (_, index) => ({
        path: `r${index}.yml`,
        text: rule(dice, index),
      }));
      const rules = compileRules(sources);
      assert.deepEqual(rules.refused, [], sources.find(({ path }) => path === rules.refused[0]?.path)?.text);
      for (let count = 0; count < EVENTS; count += 1) {
        const sample = event(dice);
        const indexed = new Set(rules.match(sample).map(({ title }) => title));
        for (const { title } of rules.rules) {
          const plain = rules.explain(title, sample)?.matched;
          if (plain !== indexed.has(title)) {
            const source = sources.find(({ path }) => path === `${title}.yml`)?.text;
            assert.fail(`plain ${plain}, seed ${SEED}, set ${set}:\n${source}\n${JSON.stringify(sample)}`);
          }
          pairs += 1;
          hits += plain ? 1 : 0;
        }
      }
    }
    t.diagnostic(`${pairs} pairs, ${hits} of them hits`);
    assert.equal(pairs, SETS * RULES * EVENTS);
    assert.ok(hits > pairs / 20 && hits < (pairs * 19) / 20, 'hits and misses are both common');
  });
});
