import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileRules, parseEventRecord } from '../../rules/engine/index.ts';
import { sigmaCorpus } from './shared.ts';

interface Contested {
  readonly source: string;
  readonly rule_yaml: string;
  readonly event: unknown;
  readonly expect: boolean;
}

/** What we answer, by a part of the source's name, and why the specification wants it so. */
const DECISIONS: readonly (readonly [string, boolean | string, string])[] = [
  ['test_expand_modifier_yaml', true, 'what no list fills may be looked up while matching ("Placeholders")'],
  [
    'test_utf16_bom_modifier_yaml',
    true,
    '`utf16` puts a byte order mark before UTF-16 ("Encoding"): FF FE 41 00',
  ],
  [
    '::test_base64_contains',
    false,
    'the value is encoded with Base64, padding included; base64offset is without it',
  ],
  [
    'test_utf16_base64_contains',
    false,
    'as above: the padding is part of the encoded value, and Base64 has no byte order',
  ],
  [
    'windash_multitype_dash',
    true,
    'five dashes are turned into each other, also those in the rule ("windash")',
  ],
  ['test_detect_special_eventdata', 'RULE_CONDITION_MISSING', 'a rule has a condition'],
  ['case 8 detection8_negative2', true, 'a selection on an absent field does not hold, so its negation does'],
  ['case 14 detection14_case', false, 'white space is text like any other'],
  ['identKeyword3', false, 'a keyword is a string; regular expressions need `|re`'],
];

/** The rules of some of these are fragments: the condition is what their engine takes for it. */
function completed({ rule_yaml }: Contested): string {
  return /^\s*condition:/m.test(rule_yaml)
    ? rule_yaml
    : rule_yaml.replace(/^detection:\n/m, 'detection:\n    condition: selection\n');
}

const { dir, skip } = sigmaCorpus('vectors');

describe('what other engines disagree on', { skip }, () => {
  const cases = skip
    ? []
    : (JSON.parse(readFileSync(join(dir, 'contested.json'), 'utf8')) as readonly Contested[]);
  for (const [index, each] of cases.entries()) {
    const decision = DECISIONS.find(([part]) => each.source.includes(part));
    it(`${index}: ${each.source.split('::').at(-1)}: ${decision?.[2]}`, () => {
      assert.ok(decision !== undefined, 'a decision is taken');
      const [part, expected] = decision;
      const text = typeof expected === 'string' ? each.rule_yaml : completed(each);
      const set = compileRules([{ path: part, text }]);
      if (typeof expected === 'string') assert.equal(set.refused[0]?.code, expected);
      else {
        assert.deepEqual(set.refused, []);
        assert.equal(set.match(parseEventRecord(each.event)).length > 0, expected);
      }
    });
  }
});
