import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../../inventory/closure/jcs.ts';
import { findEntries } from '../../../inventory/config/containers.ts';
import { CONFIG_FORMATS, parseConfigBytes } from '../../../inventory/config/document.ts';
import { parseJsonc } from '../../../inventory/config/jsonc.ts';
import { parseToml } from '../../../inventory/config/toml.ts';
import { type ConfigObject, toConfigValue, ValueLimit } from '../../../inventory/config/value.ts';
import { parseYaml } from '../../../inventory/config/yaml.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../../../inventory/limits.ts';

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

test('any bytes are either parsed or refused with one fault, in every format', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...CONFIG_FORMATS), (bytes, format) => {
      const { document, faults } = parseConfigBytes(Buffer.from(bytes), format);
      if (document.root === null) assert.equal(faults.length, 1);
      for (const { at } of faults) assert.ok(at !== null && at.line >= 1 && at.column >= 1);
    }),
    { numRuns: 2_000 },
  );
});

const SERVER = fc.record(
  {
    command: fc.string(),
    args: fc.array(fc.string(), { maxLength: 3 }),
    env: fc.dictionary(fc.string().filter(isPlainKey), fc.string(), { maxKeys: 3 }),
  },
  { noNullPrototype: true },
);

function isPlainKey(key: string): boolean {
  return !['__proto__', 'constructor', 'prototype'].includes(key);
}

test('any map of servers is read back from its JSON, however it is laid out', () => {
  const maps = fc.dictionary(fc.string().filter(isPlainKey), SERVER, { minKeys: 1, maxKeys: 5 });
  fc.assert(
    fc.property(maps, fc.constantFrom(0, 2, '\t', '\r\n '), (servers, layout) => {
      const document = parseJsonc(JSON.stringify({ mcpServers: servers }, null, layout));
      const { entries, faults } = findEntries(document, null, [{ path: ['mcpServers'] }], true);
      assert.deepEqual(faults, []);
      const read = entries.map(({ entry: { name, command, args, env } }) => [
        name,
        { command, args, env: { ...env } },
      ]);
      assert.equal(
        canonicalJson(toConfigValue(Object.fromEntries(read))),
        canonicalJson(toConfigValue(servers)),
      );
    }),
    { numRuns: 200 },
  );
});

test('canonical JSON does not change with whitespace, comments or the order of keys in the file', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })),
      fc.integer({ min: 0, max: 4 }),
      (value, indent) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        const [plain, laidOut] = [
          JSON.stringify(value),
          `// c\n${JSON.stringify(reversed, null, indent)} /* c */`,
        ].map((text) => parseJsonc(text).root);
        assert.ok(plain && laidOut);
        assert.equal(canonicalJson(laidOut), canonicalJson(plain));
        assert.deepEqual(parseJsonc(canonicalJson(plain)).root, plain);
      },
    ),
    { numRuns: 200 },
  );
});

test('values are copied up to the limits of depth and count, and not past them', () => {
  const nested = (levels: number) => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = [value];
    return value;
  };
  assert.doesNotThrow(() => toConfigValue(nested(MAX_CONFIG_DEPTH)));
  assert.throws(() => toConfigValue(nested(MAX_CONFIG_DEPTH + 1)), ValueLimit);
  assert.doesNotThrow(() => toConfigValue(Array(MAX_CONFIG_VALUES - 1).fill(0)));
  assert.throws(() => toConfigValue(Array(MAX_CONFIG_VALUES).fill(0)), ValueLimit);
  assert.deepEqual(
    toConfigValue([
      new Date(0),
      new Uint8Array([97]),
      10n,
      Number.NaN,
      undefined,
      new Map([[1, new Set([2])]]),
    ]),
    ['1970-01-01T00:00:00.000Z', 'YQ==', '10', 'NaN', null, toConfigValue({ 1: [2] })],
  );
});

// JSON.parse is no oracle here: that of Node 24.21 now and then takes the key `"` for the key `\`.
test('what JSON.stringify writes, the JSONC parser reads back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const { root } = parseJsonc(JSON.stringify(value));
      assert.ok(root);
      assert.equal(canonicalJson(root), canonicalJson(toConfigValue(value)));
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
      assert.equal(canonicalJson(parseJsonc(canonical).root ?? {}), canonical);
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
