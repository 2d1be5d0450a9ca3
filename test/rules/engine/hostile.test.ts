import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRules, parseEventRecord, RULE_ERROR_CODES, RuleError } from '../../../rules/engine/index.ts';
import { compileOne, ruleText } from '../shared.ts';
import { HOSTILE_PATTERNS, hostileText } from './hostile-patterns.ts';

describe('a pattern meant to take for ever', () => {
  const CASES: readonly (readonly [string, string])[] = [
    ["F|re: '^(a+)+$'", 'a'],
    ["F|re: '(a|aa)+$'", 'a'],
    ["F|re: '^(([a-z])+.)+[A-Z]([a-z])+$'", 'a'],
    ["F|re: '(.*)(.*)(.*)(.*)(.*)(.*)x$'", 'a'],
    ["F|re|i: '(x+x+)+y'", 'x'],
    ["F: '*a*a*a*a*a*a*a*a*a*a*b'", 'a'],
    ["F: 'a?*a?*a?*a?*a?*a?*b'", 'a'],
    ["F|contains|windash: ' -a -a -a -a -a -a -a -a b'", ' -a'],
  ];
  for (const [item, unit] of CASES) {
    it(`ends: ${item}`, () => {
      const set = compileOne(ruleText(`s:\n  ${item}\ncondition: s`));
      assert.equal(set.match({ fields: { F: `${unit.repeat(50_000)}!` } }).length, 0);
    });
  }
});

describe('300 hostile regular expressions', () => {
  it('are each taken, and end on long command lines that almost match', () => {
    assert.equal(new Set(HOSTILE_PATTERNS.map(({ source }) => source)).size, 300);
    for (const pattern of HOSTILE_PATTERNS) {
      const set = compileOne(ruleText(`s:\n  F|re: ${JSON.stringify(pattern.source)}\ncondition: s`));
      const hits = [hostileText(pattern, 4_000), `x${hostileText(pattern, 4_000)}`].map((F) =>
        set.match({ fields: { F } }),
      );
      assert.equal(hits.length, 2);
    }
  });
});

describe('arbitrary input', () => {
  const codes: readonly string[] = RULE_ERROR_CODES;
  const check = (text: string): void => {
    const set = compileRules([{ path: 'f.yml', text }]);
    for (const { code, line } of set.refused) {
      assert.ok(codes.includes(code));
      assert.ok(Number.isInteger(line) && line >= 1);
    }
    set.match({ fields: { F: 'x', G: ['y', null, 3] } });
  };

  it('as rule text is taken or refused, never thrown', () => {
    const fragment = fc.constantFrom(
      'title: ',
      'detection:\n',
      '  s:\n',
      '    F: x\n',
      '    F|re: ',
      '    F|contains|all:\n',
      '      - a\n',
      '  condition: s\n',
      '---\n',
      '...\n',
      '&a ',
      '*a ',
      '!!binary ',
      '? ',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '|',
      '>\n',
      '%YAML 1.1\n',
      '\t',
      '"',
      "'",
      '#',
      'null',
      '1',
      '(',
      ')',
      '~',
      '\u0000',
      '\ud800',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 30 }), (parts) =>
        check(parts.join('')),
      ),
      { numRuns: 1_500 },
    );
  });

  it('as condition, field, modifiers and value is taken or refused', () => {
    const word = fc.constantFrom(
      's',
      'and',
      'or',
      'not',
      '1',
      'all',
      'any',
      'of',
      'them',
      '(',
      ')',
      's*',
      '_',
      '|',
      'x',
    );
    const modifier = fc.constantFrom(
      'contains',
      'startswith',
      'endswith',
      'all',
      're',
      'i',
      'm',
      's',
      'cased',
      'exists',
      'cidr',
      'windash',
      'base64',
      'base64offset',
      'wide',
      'utf16',
      'utf16be',
      'lt',
      'gte',
      'neq',
      'fieldref',
      'hour',
      'week',
      'expand',
      '',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.ipV4(),
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 10 }),
        fc.array(modifier, { maxLength: 4 }),
        value,
        (words, modifiers, content) => {
          const key = JSON.stringify(['F', ...modifiers].join('|'));
          check(
            ruleText(
              `s:\n  ${key}: ${JSON.stringify(content)}\ncondition: ${JSON.stringify(words.join(' '))}`,
            ),
          );
          check(ruleText(`s:\n  ${key}: ${JSON.stringify(content)}\ncondition: s`));
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('as event is taken or refused with the code for events', () => {
    const set = compileOne(ruleText("s:\n  - F: '*'\n  - k\ncondition: s"));
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (record) => {
          try {
            set.match(parseEventRecord(record));
          } catch (error) {
            assert.ok(error instanceof RuleError && error.code === 'RULE_EVENT_INVALID');
          }
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('as a literal finds itself and nothing longer', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.trim() === text),
        (text) => {
          const escaped = text.replace(/[\\*?]/g, '\\$&');
          const set = compileOne(ruleText(`s:\n  F: !!str ${JSON.stringify(escaped)}\ncondition: s`));
          assert.equal(set.match({ fields: { F: text } }).length, 1);
          assert.equal(set.match({ fields: { F: `${text}x` } }).length, 0);
        },
      ),
    );
  });
});
