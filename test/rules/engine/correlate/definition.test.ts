import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RuleError } from '../../../../rules/engine/errors.ts';
import { type ParsedCorrelation, parseCorrelation } from '../../../../rules/engine/parse/correlation.ts';
import { readDocuments } from '../../../../rules/engine/parse/document.ts';
import { correlation } from './shared.ts';

/** The body begins in line 4. */
function parse(body: string, top = ''): ParsedCorrelation {
  const [document] = readDocuments(correlation('it', body) + top);
  const node = document?.read();
  if (node?.kind !== 'map') throw new Error('not a map');
  return parseCorrelation(node, 'dir/it.yml', 0);
}

/** The code and line of the refusal. */
function refused(body: string, top = ''): string {
  try {
    parse(body, top);
  } catch (error) {
    if (error instanceof RuleError) return `${error.code}:${error.line}`;
    throw error;
  }
  return 'taken';
}

const COUNT = 'type: event_count\nrules: [a]\ntimespan: 1m\n';
const VALUE = 'rules: [a]\ntimespan: 1m\ncondition:\n  gte: 1\n';
const TEMPORAL = 'type: temporal\nrules: [a, b]\ntimespan: 1m\n';

describe('a correlation', () => {
  it('is read with everything that it says', () => {
    const parsed = parse(
      'type: value_count\nrules:\n  - a\n  - b-1\ngroup-by: [User, ip]\ntimespan: 5m\naliases:\n  ip:\n    a: src\n    b-1: dst\n' +
        'condition:\n  field: [Image, Port]\n  gt: 2\n  lte: 5',
      'id: 1234\nlevel: high\ngenerate: true\n',
    );
    assert.deepEqual(
      {
        ...parsed,
        rule: {
          name: parsed.rule.name,
          kind: parsed.rule.kind,
          level: parsed.rule.level,
          id: parsed.rule.id,
        },
      },
      {
        rule: { name: 'it', kind: 'correlation', level: 'high', id: '1234' },
        line: 1,
        id: '1234',
        type: 'value_count',
        references: [
          { name: 'a', line: 6 },
          { name: 'b-1', line: 7 },
        ],
        groupBy: ['User', 'ip'],
        aliases: [
          { alias: 'ip', rule: 'a', field: 'src', line: 12 },
          { alias: 'ip', rule: 'b-1', field: 'dst', line: 13 },
        ],
        timespanMs: 300_000,
        window: 'sliding',
        gapMs: null,
        condition: {
          kind: 'bounds',
          bounds: [
            { operator: 'gt', value: 2 },
            { operator: 'lte', value: 5 },
          ],
          fields: ['Image', 'Port'],
          percentile: null,
        },
        generate: true,
      },
    );
  });

  it('takes a timespan of seconds to weeks, also as timeframe, from 1 second to 366 days', () => {
    const at = (line: string): number | string => {
      const body = `type: temporal\nrules: [a]\n${line}`;
      const result = refused(body);
      return result === 'taken' ? parse(body).timespanMs : result;
    };
    assert.equal(at('timespan: 90s'), 90_000);
    assert.equal(at('timespan: 2m'), 120_000);
    assert.equal(at('timespan: 3h'), 10_800_000);
    assert.equal(at('timespan: 366d'), 31_622_400_000);
    assert.equal(at('timespan: 2w'), 1_209_600_000);
    assert.equal(at('timeframe: 60s'), 60_000);
    for (const wrong of ['0s', '367d', '60', '1M', '1y', '1.5h', '-1s', '5 m', '1h30m', 'P1D', '[1h]', '']) {
      assert.equal(at(`timespan: ${wrong}`), 'RULE_CORRELATION_INVALID:6', wrong);
    }
    assert.equal(refused('type: temporal\nrules: [a]'), 'RULE_CORRELATION_INVALID:3');
    assert.equal(at('timespan: 1m\n  timeframe: 1m'), 'RULE_YAML_INVALID:6');
    assert.equal(refused(`${TEMPORAL}timeframe: 1m`), 'RULE_CORRELATION_INVALID:7');
  });

  it('says generate at the top or inside, as true or false', () => {
    const body = `${COUNT}condition:\n  gte: 1`;
    assert.equal(parse(body).generate, false);
    assert.equal(parse(body, 'generate: true\n').generate, true);
    assert.equal(parse(`${body}\ngenerate: true`).generate, true);
    assert.equal(refused(`${body}\ngenerate: 1`), 'RULE_CORRELATION_INVALID:9');
    assert.equal(refused(`${body}\ngenerate: true`, 'generate: true\n'), 'RULE_CORRELATION_INVALID:9');
  });

  it('takes its references from a condition as text where it has no rules', () => {
    const { references } = parse(
      'type: temporal\ntimespan: 1m\ncondition: (rule-a AND not b_2) or rule-a or c',
    );
    assert.deepEqual(
      references.map(({ name }) => name),
      ['rule-a', 'b_2', 'c'],
    );
    const body = (condition: string): string => `type: temporal\ntimespan: 1m\ncondition: ${condition}`;
    assert.equal(refused(body('1 of rule_*')), 'RULE_CORRELATION_INVALID:6');
    assert.equal(refused(body('all of them')), 'RULE_CORRELATION_INVALID:6');
    assert.equal(refused(COUNT.replace('rules: [a]\n', '')), 'RULE_CORRELATION_INVALID:3');
  });

  it('takes numbers as numbers or as texts that spell them', () => {
    assert.equal(refused(`${COUNT}condition:\n  gte: '3'`), 'taken');
    assert.equal(refused(`type: value_sum\n${VALUE}  field: Bytes\n  lt: 1.5e3`), 'taken');
  });

  const REFUSED: readonly (readonly [why: string, body: string, answer: string])[] = [
    ['has no type', 'rules: [a]\ntimespan: 1m', 'RULE_CORRELATION_INVALID:3'],
    ['has an unknown type', 'type: near\nrules: [a]\ntimespan: 1m', 'RULE_CORRELATION_INVALID:4'],
    ['has an unknown key', `${TEMPORAL}ordered: true`, 'RULE_CORRELATION_INVALID:7'],
    ['has no rules', 'type: temporal\ntimespan: 1m', 'RULE_CORRELATION_INVALID:3'],
    ['has an empty list of rules', 'type: temporal\nrules: []\ntimespan: 1m', 'RULE_CORRELATION_INVALID:5'],
    [
      'names a rule twice',
      'type: temporal\nrules:\n  - a\n  - a\ntimespan: 1m',
      'RULE_CORRELATION_INVALID:7',
    ],
    [
      'has a rule that is not text',
      'type: temporal\nrules:\n  - {a: 1}\ntimespan: 1m',
      'RULE_CORRELATION_INVALID:6',
    ],
    ['has no condition where it counts', COUNT, 'RULE_CORRELATION_INVALID:3'],
    ['has no bound in its condition', `${COUNT}condition: {}`, 'RULE_CORRELATION_INVALID:7'],
    ['has an unknown bound', `${COUNT}condition:\n  gte: 1\n  max: 3`, 'RULE_CORRELATION_INVALID:9'],
    ['has a bound that is no number', `${COUNT}condition:\n  gte: many`, 'RULE_CORRELATION_INVALID:8'],
    ['counts in fractions', `${COUNT}condition:\n  gte: 1.5`, 'RULE_CORRELATION_INVALID:8'],
    ['has a list as condition', `${COUNT}condition: [1]`, 'RULE_CORRELATION_INVALID:7'],
    ['has text as condition of a count', `${COUNT}condition: a and b`, 'RULE_CORRELATION_INVALID:7'],
    [
      'has a field where it counts events',
      `${COUNT}condition:\n  gte: 1\n  field: F`,
      'RULE_CORRELATION_INVALID:9',
    ],
    ['has no field for its values', `type: value_sum\n${VALUE}`, 'RULE_CORRELATION_INVALID:8'],
    ['sums several fields', `type: value_sum\n${VALUE}  field: [A, B]`, 'RULE_CORRELATION_INVALID:9'],
    [
      'has a percentile elsewhere',
      `type: value_avg\n${VALUE}  field: A\n  percentile: 5`,
      'RULE_CORRELATION_INVALID:10',
    ],
    [
      'has a percentile above 100',
      `type: value_percentile\n${VALUE}  field: A\n  percentile: 101`,
      'RULE_CORRELATION_INVALID:10',
    ],
    ['has aliases that are no map', `${TEMPORAL}aliases: [x]`, 'RULE_CORRELATION_INVALID:7'],
    ['has an alias that is no map', `${TEMPORAL}aliases:\n  x: y`, 'RULE_CORRELATION_INVALID:8'],
    ['has an unknown window', `${TEMPORAL}window: hopping`, 'RULE_CORRELATION_INVALID:7'],
    ['has a session without gap', `${TEMPORAL}window: session`, 'RULE_CORRELATION_INVALID:7'],
    ['has a gap without session', `${TEMPORAL}gap: 5s`, 'RULE_CORRELATION_INVALID:7'],
    [
      'names in its condition what is not among its rules',
      `${TEMPORAL}condition: a and d`,
      'RULE_CONDITION_IDENTIFIER_UNKNOWN:7',
    ],
    ['has a condition that does not parse', `${TEMPORAL}condition: a and`, 'RULE_CONDITION_INVALID:7'],
  ];
  for (const [why, body, answer] of REFUSED) {
    it(`is refused where it ${why}`, () => assert.equal(refused(body), answer));
  }

  it('is refused where it has a detection or a filter, too', () => {
    assert.equal(refused(TEMPORAL, 'detection: {}\n'), 'RULE_CORRELATION_INVALID:7');
    assert.equal(refused(TEMPORAL, 'filter: {}\n'), 'RULE_CORRELATION_INVALID:7');
  });

  it('is refused above its limits', () => {
    const rules = (type: string, count: number): string =>
      `type: ${type}\ntimespan: 1m\nrules: [${Array.from({ length: count }, (_, at) => `r${at}`).join(', ')}]`;
    assert.equal(refused(rules('temporal', 128)), 'taken');
    assert.equal(refused(rules('temporal', 129)), 'RULE_CORRELATION_INVALID:6');
    assert.equal(refused(rules('temporal_ordered', 16)), 'taken');
    assert.equal(refused(rules('temporal_ordered', 17)), 'RULE_CORRELATION_INVALID:6');
  });

  it('of arbitrary parts is taken or refused with a line, never anything else', () => {
    const part = fc.constantFrom(
      ...[
        'type: event_count',
        'type: temporal',
        'type: [x]',
        'rules: a',
        'rules: [a, b]',
        'rules: {a: b}',
        'rules:',
      ],
      ...[
        'group-by: [null]',
        'group-by: F',
        'aliases:\n  x:\n    a: [1]',
        'timespan: 1m',
        'timespan: []',
        'gap: 1s',
      ],
      ...[
        'window: session',
        'condition:',
        'condition: a or (b',
        'condition:\n  gte: .inf',
        'condition:\n  field: []',
      ],
      ...['generate: null', 'percentile: 1', 'x: &a [*a]', 'timeframe: 99999999999d'],
    );
    const answers = new Set<string>();
    fc.assert(
      fc.property(fc.uniqueArray(part, { maxLength: 4 }), fc.boolean(), (parts, whole) => {
        const answer = refused([...(whole ? [TEMPORAL.trim()] : []), ...parts].join('\n'));
        answers.add(answer);
        assert.match(answer, /^taken$|^RULE_[A-Z_]+:[1-9]\d*$/);
      }),
      { numRuns: 2_000 },
    );
    assert.ok(answers.has('taken'));
  });
});
