import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules, parseEventRecord, RuleError } from '../../../rules/engine/index.ts';
import { compileOne, names, refusal } from '../shared.ts';

const RULE = 'detection:\n  s:\n    F: x\n  condition: s\n';
const HIT = parseEventRecord({ F: 'x' });

describe('a rule set', () => {
  it('keeps good rules beside broken ones and says where each fault is', () => {
    const set = compileRules([
      { path: 'a/bad.yml', text: 'title: [\n' },
      { path: 'good.yml', text: `title: good\n${RULE}` },
      { path: 'worse.yml', text: 'title: t\ndetection:\n  s:\n    F|nope: x\n  condition: s\n' },
    ]);
    assert.deepEqual(names(set.match(HIT)), ['good']);
    assert.deepEqual(
      set.refused.map(({ path, line, code }) => ({ path, line, code })),
      [
        { path: 'a/bad.yml', line: 2, code: 'RULE_YAML_INVALID' },
        { path: 'worse.yml', line: 4, code: 'RULE_MODIFIER_UNKNOWN' },
      ],
    );
  });

  it('takes files with several documents and refuses only the broken ones', () => {
    const text = `---\ntitle: one\n${RULE}---\ncorrelation:\n  type: event_count\n---\nfilter: {}\n---\ntitle: four\n${RULE}---\n`;
    const set = compileRules([{ path: 'many.yaml', text }]);
    assert.deepEqual(names(set.rules), ['many', 'many_4']);
    assert.deepEqual(
      set.refused.map(({ code }) => code),
      ['RULE_CORRELATION_INVALID', 'RULE_FILTER_INVALID'],
    );
  });

  it('reads what is known of a rule', () => {
    const [rule] = compileOne(
      `title: T\nid: 11111111-1111-4111-8111-111111111111\nname: t_rule\nlevel: high\nstatus: test\nauthor: [A, B]\nlicense: DRL-1.1\ntags: [attack.t1059]\nfalsepositives: none known\ndescription: |\n  two\n  lines\nlogsource:\n  product: linux\n  definition: free text\n${RULE}`,
    ).rules;
    assert.deepEqual(rule, {
      id: '11111111-1111-4111-8111-111111111111',
      name: 't_rule',
      title: 'T',
      level: 'high',
      tags: ['attack.t1059'],
      author: 'A, B',
      license: 'DRL-1.1',
      status: 'test',
      description: 'two\nlines',
      falsepositives: ['none known'],
      runbook: null,
      path: 't.yml',
      kind: 'detection',
      logsource: { product: 'linux' },
    });
  });

  it('falls back to the file name and to medium', () => {
    const [rule] = compileRules([{ path: 'dir/some_rule.yml', text: RULE }]).rules;
    assert.equal(rule?.name, 'some_rule');
    assert.equal(rule?.id, 'some_rule');
    assert.equal(rule?.title, 'some_rule');
    assert.equal(rule?.level, 'medium');
  });

  it('takes the first of two rules with one id', () => {
    const text = `id: same\n${RULE}`;
    const set = compileRules([
      { path: 'a.yml', text },
      { path: 'b.yml', text },
    ]);
    assert.deepEqual(
      set.rules.map(({ path }) => path),
      ['a.yml'],
    );
    assert.deepEqual(
      set.refused.map(({ path, code }) => [path, code]),
      [['b.yml', 'RULE_ID_DUPLICATE']],
    );
  });

  it('looks at the logsource only where the event carries one', () => {
    const set = compileOne(`logsource:\n  category: process_creation\n  product: linux\n${RULE}`);
    const on = (logsource: unknown): number => set.match(parseEventRecord({ F: 'x', logsource })).length;
    assert.equal(set.match(HIT).length, 1);
    assert.equal(on({ category: 'process_creation', product: 'linux', service: 'auditd' }), 1);
    assert.equal(on({ category: 'Process_Creation', product: 'LINUX' }), 1);
    assert.equal(on({ category: 'process_creation' }), 0);
    assert.equal(on({ product: 'linux' }), 0);
    assert.equal(on({}), 0);
  });

  it('matches any logsource where the rule names none', () => {
    assert.equal(
      compileOne(RULE).match(parseEventRecord({ F: 'x', logsource: { product: 'mcp' } })).length,
      1,
    );
  });
});

describe('a rule is refused', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['without a document', '# nothing\n', 'RULE_DOCUMENT_INVALID'],
    ['as a list', '- a\n', 'RULE_DOCUMENT_INVALID'],
    ['with a key twice', `title: a\ntitle: b\n${RULE}`, 'RULE_YAML_INVALID'],
    ['with an unknown alias', `title: *none\n${RULE}`, 'RULE_YAML_INVALID'],
    ['without a detection', 'title: t\n', 'RULE_DETECTION_MISSING'],
    ['with a detection that is no map', 'detection: x\n', 'RULE_DETECTION_INVALID'],
    ['with an empty selection', 'detection:\n  s: {}\n  condition: s\n', 'RULE_DETECTION_INVALID'],
    ['with an empty list', 'detection:\n  s: []\n  condition: s\n', 'RULE_DETECTION_INVALID'],
    ['with null for a keyword', 'detection:\n  s: [null]\n  condition: s\n', 'RULE_DETECTION_INVALID'],
    ['without a condition', 'detection:\n  s:\n    F: x\n', 'RULE_CONDITION_MISSING'],
    [
      'with a timeframe',
      'detection:\n  s:\n    F: x\n  timeframe: 5m\n  condition: s\n',
      'RULE_AGGREGATION_UNSUPPORTED',
    ],
    ['with an action that is none', `action: merge\n${RULE}`, 'RULE_COLLECTION_INVALID'],
    ['as the repetition of nothing', `action: repeat\n${RULE}`, 'RULE_COLLECTION_INVALID'],
    ['with an unknown taxonomy', `taxonomy: ours\n${RULE}`, 'RULE_TAXONOMY_UNKNOWN'],
    ['with an unknown level', `level: extreme\n${RULE}`, 'RULE_FIELD_INVALID'],
    ['with a title that is a list', `title: [a]\n${RULE}`, 'RULE_FIELD_INVALID'],
    ['with a logsource that is text', `logsource: linux\n${RULE}`, 'RULE_LOGSOURCE_INVALID'],
    ['with a product that is a list', `logsource:\n  product: [a]\n${RULE}`, 'RULE_LOGSOURCE_INVALID'],
  ];
  for (const [what, text, code] of cases) it(what, () => assert.equal(refusal(text).code, code));
});

describe('hostile rule text', () => {
  it('does not grow by aliases', () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`);
    assert.equal(refusal(`l0: &l0 [x]\n${levels.join('\n')}\n${RULE}`).code, 'RULE_TOO_COMPLEX');
  });

  it('does not follow an alias into itself', () => {
    assert.equal(refusal(`x: &x [*x]\n${RULE}`).code, 'RULE_TOO_COMPLEX');
  });

  it('may not be nested without end, long or many', () => {
    assert.equal(refusal(`x: ${'['.repeat(100)}${']'.repeat(100)}\n${RULE}`).code, 'RULE_TOO_COMPLEX');
    assert.equal(refusal(`x: ${'['.repeat(200_000)}`).code, 'RULE_TOO_COMPLEX');
    assert.equal(refusal(`${'- '.repeat(100_000)}x`).code, 'RULE_TOO_COMPLEX');
    assert.equal(refusal(`x: ${'a'.repeat(1_048_576)}`).code, 'RULE_TEXT_TOO_LARGE');
    assert.equal(refusal(`${RULE}---\n`.repeat(1_001)).code, 'RULE_TOO_COMPLEX');
    assert.equal(refusal(`x: [${'a,'.repeat(20_001)}]\n${RULE}`).code, 'RULE_TOO_COMPLEX');
  });
});

describe('an event record', () => {
  it('becomes fields: nested objects and objects in arrays get dotted names', () => {
    assert.deepEqual(
      parseEventRecord({
        a: { b: { c: 1 }, d: [1, 'x'] },
        e: [{ f: 1 }, { f: 2 }, 'g'],
        h: [[1], [2]],
        i: null,
      }),
      { fields: { 'a.b.c': 1, 'a.d': [1, 'x'], 'e.f': [1, 2], e: ['g'], h: [1, 2], i: null } },
    );
  });

  it('prefers a name spelled with its dots', () => {
    assert.equal(parseEventRecord({ a: { b: 'nested' }, 'a.b': 'spelled' }).fields['a.b'], 'spelled');
  });

  it('takes out logsource where it is an object', () => {
    const flat = parseEventRecord({ logsource: { product: 'linux', x: 1 }, F: 1 });
    assert.deepEqual(flat.logsource, { product: 'linux' });
    assert.equal(flat.fields['logsource'], undefined);
    const nested = parseEventRecord({ logsource: { product: 'linux', x: 1 }, F: { G: 1 } });
    assert.deepEqual(nested, { fields: { 'F.G': 1 }, logsource: { product: 'linux' } });
    assert.deepEqual(parseEventRecord({ logsource: 'syslog' }), { fields: { logsource: 'syslog' } });
  });

  it('leaves no log source for keywords to find', () => {
    const set = compileOne('title: t\ndetection:\n  k: [linux]\n  condition: k\n');
    assert.equal(set.match(parseEventRecord({ logsource: { product: 'linux' }, F: 1 })).length, 0);
  });

  it('is refused where it is no object or beyond the limits', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as unknown;
    const wide = Object.fromEntries(Array.from({ length: 4_097 }, (_, n) => [`f${n}`, n]));
    for (const record of [null, 1, 'x', [], deep, wide, { a: Array.from({ length: 65_537 }, () => 1) }]) {
      assert.throws(
        () => parseEventRecord(record),
        (error) => error instanceof RuleError && error.code === 'RULE_EVENT_INVALID',
      );
    }
  });
});
