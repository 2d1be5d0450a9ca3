import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Node, parseTree } from 'jsonc-parser';
import { filteredAnswer } from '../../../guard/tools/filtered-answer.ts';

const HIDDEN = new Set(['bad', 'b\u00e4d', 'b\nd']);

function filtered(line: string | Buffer, hidden: ReadonlySet<string> = HIDDEN): string | null {
  return filteredAnswer(Buffer.from(line), hidden)?.toString('utf8') ?? null;
}

test('hidden tools are cut out, and every other byte stays as it was', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['[{"name":"bad"}]', '[]'],
    ['[ {"name":"bad"} ]', '[  ]'],
    ['[{"name":"bad"},{"name":"a"}]', '[{"name":"a"}]'],
    ['[{"name":"a"},{"name":"bad"}]', '[{"name":"a"}]'],
    ['[ {"name":"a"} , {"name":"bad"} , {"name":"c"}\t]', '[ {"name":"a"} , {"name":"c"}\t]'],
    ['[{"name":"bad"}, {"name":"bad"},  {"x":[{"y":"]}"}],"name":"a"}]', '[{"x":[{"y":"]}"}],"name":"a"}]'],
    ['[{"n\\u0061me":"b\\u0061d"},{"name":"\\u0061"}]', '[{"name":"\\u0061"}]'],
    ['[{"x":"\\"},{\\\\","name":"bad"},{"name":"a","x":"\\\\\\"]"}]', '[{"name":"a","x":"\\\\\\"]"}]'],
    ['[{"name":"b\\nd"},1,"bad",null,["bad"],{"title":"bad"}]', '[1,"bad",null,["bad"],{"title":"bad"}]'],
    [
      '[{"name":"a","annotations":{"name":"bad"}},{"name":"bad"}]',
      '[{"name":"a","annotations":{"name":"bad"}}]',
    ],
  ];
  for (const [before, after] of cases) {
    const around = (tools: string) =>
      `{ "jsonrpc":"2.0", "id": 1.0e0,"result":{"x":[{"name":"bad"}],"tools": ${tools} , "nextCursor":"\\u0062ad"},"tools":[]}\r\n`;
    assert.equal(filtered(around(before)), around(after));
  }
});

test('an answer in which nothing is hidden passes as it is', () => {
  for (const line of [
    '{"result":{"tools":[{"name":"a"}]}}\n',
    '{"result":{"tools":[{"name":"badly"},{"title":"bad"},"bad"]}}',
    '{"result":{"tools":{"name":"bad"}}}',
    '{"result":[{"name":"bad"}]}',
    '{"error":{"message":"bad"}}',
    '{"result":{"tools":[{"name":"a","inputSchema":{"properties":{"Path":{},"path":{}}}}]}}',
  ])
    assert.equal(filtered(line), null, line);
});

test('what is no JSON object is not touched', () => {
  for (const line of [
    '',
    '\n',
    '{',
    '[]',
    '[{"name":"bad"}]',
    'null',
    '"bad"',
    '\ufeff{"result":{"tools":[{"name":"bad"}]}}',
  ])
    assert.equal(filtered(line), null, line);
});

test('an answer in which two readers may find different tools is written anew with one meaning', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"result":{"tools":[{"name":"bad"}]},"result":{"tools":[]}}', '{"result":{"tools":[]}}'],
    [
      '{"result":{"tools":[]},"r\\u0065sult":{"tools":[{"name":"bad"},{"name":"a"}]}}',
      '{"result":{"tools":[{"name":"a"}]}}',
    ],
    ['{"result":{"tools":[{"name":"bad"}],"tools":[{"name":"a"}]}}', '{"result":{"tools":[{"name":"a"}]}}'],
    ['{"result":{"tools":[{"name":"bad","name":"a"}]}}', '{"result":{"tools":[{"name":"a"}]}}'],
    [
      '{"result":{"tools":[{"name":"a","description":"x","description":"y"}]}}',
      '{"result":{"tools":[{"name":"a","description":"y"}]}}',
    ],
    [
      '{"result":{"tools":[{"name":"a","inputSchema":{"properties":{"p":1,"p":2}}}]}}',
      '{"result":{"tools":[{"name":"a","inputSchema":{"properties":{"p":2}}}]}}',
    ],
    ['{"result":{"tools":[{"name":"a"}],"Tools":[{"name":"bad"}]}}', '{"result":{"tools":[{"name":"a"}]}}'],
    ['{"result":{"TOOLS":[{"name":"bad"}]}}', '{"result":{}}'],
    ['{"Result":{"tools":[{"name":"bad"}]}}', '{}'],
    ['{"result":{"tool\u017f":[{"name":"bad"}]}}', '{"result":{}}'],
    ['{"result":{"tools":[{"Name":"bad","name":"a"}]}}', '{"result":{"tools":[{"name":"a"}]}}'],
    ['{"result":{"tools":[{"name":"a","inputschema":{}}]}}', '{"result":{"tools":[{"name":"a"}]}}'],
    ['{"ID":2,"id":1,"result":{"nextcursor":"x","tools":[]}}', '{"id":1,"result":{"tools":[]}}'],
    ['{"result":{"tools":[1,{"name":"bad","x":1,"x":2}]}}', '{"result":{"tools":[1]}}'],
  ];
  for (const [before, after] of cases) assert.equal(filtered(`${before}\n`), `${after}\n`, before);
});

test('bytes that are no UTF-8 are written as they are read', () => {
  const line = Buffer.concat([
    Buffer.from('{"result":{"tools":[{"name":"a'),
    Buffer.from([0xff]),
    Buffer.from('"}]}}'),
  ]);
  assert.equal(filtered(line), '{"result":{"tools":[{"name":"a\ufffd"}]}}');
});

test('what is nested deeper than anybody reads is left out', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  for (const levels of [300, 100_000]) {
    const line = `{"id":1,"x":${deep(levels)},"result":{"tools":[{"name":"a","x":${deep(levels)}},{"name":"b"}],"y":${deep(levels)}}}`;
    assert.equal(filtered(line), '{"id":1,"result":{"tools":[{"name":"b"}]}}');
  }
});

/** JSON text of a value, with white space and escapes as a server may write them. */
function spelt(value: unknown, choices: Iterator<number>): string {
  const pick = (count: number) => (choices.next().value ?? 0) % count;
  const blank = () => ['', '', ' ', '\t', '\r', ' \n'][pick(6)];
  const text = (string: string) =>
    `"${Array.from({ length: string.length }, (_, index) => {
      const unit = string.charCodeAt(index);
      const isPlain = unit >= 0x20 && unit < 0xd800 && unit !== 0x22 && unit !== 0x5c && pick(4) !== 0;
      if ((unit === 0x22 || unit === 0x5c) && pick(2) === 0) return `\\${string[index]}`;
      return isPlain ? string[index] : `\\u${unit.toString(16).padStart(4, '0')}`;
    }).join('')}"`;
  if (typeof value === 'string') return `${blank()}${text(value)}${blank()}`;
  if (Array.isArray(value))
    return `${blank()}[${value.map((item) => spelt(item, choices)).join(',') || blank()}]${blank()}`;
  if (typeof value !== 'object' || value === null) return `${blank()}${JSON.stringify(value)}${blank()}`;
  const members = Object.entries(value).map(
    ([key, child]) => `${blank()}${text(key)}${blank()}:${spelt(child, choices)}`,
  );
  return `${blank()}{${members.join(',') || blank()}}${blank()}`;
}

const name = fc.oneof(fc.constantFrom('bad', 'b\u00e4d', 'b\nd', 'a', ']', '{"', '\\'), fc.string());
const tool = fc.oneof(
  fc.record({ name, description: fc.jsonValue(), inputSchema: fc.jsonValue() }, { requiredKeys: [] }),
  fc.record({ name, annotations: fc.record({ name }) }),
  fc.jsonValue(),
);
const result = fc.oneof(
  fc.record({ tools: fc.array(tool), nextCursor: fc.string(), _meta: fc.jsonValue() }, { requiredKeys: [] }),
  fc.jsonValue(),
);
const answer = fc.record(
  { jsonrpc: fc.constant('2.0'), id: fc.jsonValue(), result, extra: fc.jsonValue() },
  { requiredKeys: [] },
);

function isBad(entry: unknown): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    'name' in entry &&
    typeof entry.name === 'string' &&
    HIDDEN.has(entry.name)
  );
}

/** The same without the hidden tools, by the plain way. */
function without(value: ReturnType<typeof JSON.parse>): unknown {
  const tools: unknown = value.result?.tools;
  if (!Array.isArray(tools)) return value;
  return { ...value, result: { ...value.result, tools: tools.filter((entry) => !isBad(entry)) } };
}

/** Whether the text has a key that a reader takes for another one only if it ignores case. */
function hasOtherCase(text: string): boolean {
  const keys = text.match(
    /"(?:jsonrpc|id|result|error|tools|nextCursor|name|title|description|(?:in|out)putSchema|annotations)"/gi,
  );
  return (keys ?? []).some(
    (key) => key !== '"nextCursor"' && !/^"(?:in|out)putSchema"$/.test(key) && key !== key.toLowerCase(),
  );
}

test('for any answer, what is passed is the answer without the hidden tools', () => {
  let hidden = 0;
  fc.assert(
    fc.property(answer, fc.array(fc.nat(), { minLength: 1, maxLength: 50 }), (value, seeds) => {
      const text = JSON.stringify(value);
      // Node 24.21 was seen to mix up these two keys.
      fc.pre(!hasOtherCase(text) && !/"\\["\\]":/.test(text));
      let at = 0;
      const choices: Iterator<number> = {
        next: () => ({ done: false, value: (seeds[at++ % seeds.length] ?? 0) + at }),
      };
      const line = spelt(value, choices);
      const before: unknown = JSON.parse(line);
      const passed = filtered(line);
      const after: unknown = passed === null ? before : JSON.parse(passed);
      assert.deepEqual(after, without(before));
      if (passed !== null) hidden += 1;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(hidden > 100, `${hidden}`);
});

/** JSON text whose objects may have a key several times, in several spellings. */
const { value: ambiguous } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom('1', '"bad"', '"a"'),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value').map(String), { maxLength: 3 }).map((items) => `[${items.join()}]`),
  object: fc
    .array(
      fc.tuple(
        fc.constantFrom('result', 'Result', 'tools', 'TOOLS', 'name', 'n\\u0061me', 'x'),
        tie('value').map(String),
      ),
      {
        maxLength: 4,
      },
    )
    .map((members) => `{${members.map(([key, value]) => `"${key}":${value}`).join()}}`),
}));

function hasTwin(node: Node): boolean {
  const children = node.children ?? [];
  const keys = node.type === 'object' ? children.map((member) => member.children?.[0]?.value) : [];
  return new Set(keys).size !== keys.length || children.some(hasTwin);
}

test('whatever stands there several times, what is passed has one meaning and no hidden tool', () => {
  let anew = 0;
  fc.assert(
    fc.property(ambiguous.map(String), (value) => {
      const line = `{"result":{"tools":[{"name":"bad"},${value}]},"x":${value}}`;
      const passed = filtered(line);
      assert.ok(passed !== null);
      const tree = parseTree(passed);
      assert.ok(tree !== undefined && !hasTwin(tree), passed);
      assert.deepEqual(without(JSON.parse(passed)), JSON.parse(passed));
      if (!line.includes(passed.slice(-20))) anew += 1;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(anew > 20, `${anew}`);
});
