import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../../inventory/closure/jcs.ts';
import { parseJsonc } from '../../../inventory/config/jsonc.ts';
import { parseToml } from '../../../inventory/config/toml.ts';
import { type ConfigObject, toConfigValue } from '../../../inventory/config/value.ts';
import { parseYaml } from '../../../inventory/config/yaml.ts';

test('any text is either parsed or one fault, in every format', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    'a',
    '1',
    '\n',
    ' ',
    '//',
    '/*',
    '&a',
    '*a',
    '<<',
    '= ',
    '\\u',
    '__proto__',
    '-',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      for (const parse of [parseJsonc, parseToml, parseYaml]) {
        const document = parse(input);
        if (document.root === null) assert.equal(document.faults.length, 1);
      }
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    }),
    { numRuns: 300 },
  );
});

test('what JSON.parse reads, the JSONC parser reads equally', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const text = JSON.stringify(value);
      const { root } = parseJsonc(text);
      assert.ok(root);
      assert.equal(canonicalJson(root), canonicalJson(toConfigValue(JSON.parse(text))));
    }),
    { numRuns: 200 },
  );
});

test('canonical JSON is the same for any order of keys, is JSON, and is a fixed point', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
      const forward = toConfigValue(value) as ConfigObject;
      const backward = toConfigValue(Object.fromEntries(Object.entries(value).reverse()));
      const canonical = canonicalJson(forward);
      assert.equal(canonicalJson(backward), canonical);
      assert.equal(canonicalJson(toConfigValue(JSON.parse(canonical))), canonical);
    }),
    { numRuns: 200 },
  );
});

test('the examples of RFC 8785 are reproduced', () => {
  const numbers = toConfigValue(
    JSON.parse('[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]'),
  );
  assert.equal(canonicalJson(numbers), '[333333333.3333333,1e+30,4.5,0.002,1e-27]');
  const sorted = toConfigValue({
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\u{1f600}': 5,
    '\u0080': 6,
    '\u00f6': 7,
  });
  assert.equal(
    canonicalJson(sorted),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
  );
  assert.throws(() => canonicalJson(Number.NaN), { code: 'INVENTORY_NOT_CANONICAL' });
});
