import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { TopLevelKeys } from '../../../guard/frames/top-level-keys.ts';
import { ambiguityOf, readMessage } from '../../../guard/session/message.ts';
import { lineJudge, skip } from './built-relay.ts';

const NAMES = ['echo', 'größe', 'a'];
const judge = skip === false ? lineJudge() : '';

/** What the relay's code says of each line. */
function judged(words: readonly string[], lines: readonly Buffer[]): string {
  const input = Buffer.concat(lines.map((line) => Buffer.concat([line, Buffer.from('\n')])));
  const { status, stdout, stderr } = spawnSync(judge, words, { input, maxBuffer: 1 << 28 });
  assert.equal(status, 0, stderr.toString());
  assert.equal(stdout.length, lines.length);
  return stdout.toString();
}

const free = (lines: readonly Buffer[]) => judged(['call', ...NAMES], lines);

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } };
const text = JSON.stringify(CALL);

const FREE: readonly string[] = [
  text,
  `${text}\r`,
  ` ${text}\t `,
  '{"params":{"arguments":{"name":"rm","a":[1,{"b":null}]},"name":"a"},"method":"tools/call","id":"x","jsonrpc":"2.0"}',
  JSON.stringify({
    ...CALL,
    params: { _meta: { progressToken: 1 }, name: 'größe', arguments: { x: '\\u2028 "' } },
  }),
  JSON.stringify({
    ...CALL,
    id: -1.5e-7,
    params: { name: 'echo', arguments: [true, false, null, -0, 1e21] },
  }),
  JSON.stringify({ ...CALL, params: { name: 'echo', arguments: '😀\u007f' } }),
];

const NOT_FREE: readonly (string | Buffer)[] = [
  '',
  '{}',
  '[]',
  `[${text}]`,
  `${text}${text}`,
  `${text},`,
  `${text}\0`,
  text.slice(0, -1),
  text.replace('echo', 'rm'),
  text.replace('echo', 'ech\\u006f'),
  text.replace('tools/call', 'tools\\/call'),
  text.replace('tools/call', 'tools/list'),
  text.replace('"2.0"', '"1.0"'),
  text.replace('"2.0"', '2.0'),
  text.replace('"id":1', '"id":null'),
  text.replace('"id":1', '"id":01'),
  text.replace('"id":1', '"id":1.'),
  text.replace('"id":1', '"id":+1'),
  text.replace('"id":1', '"id":{}'),
  text.replace('"id":1', '"id":true'),
  text.replace('"id":1,', ''),
  text.replace('"id":1', '"id":1,"id":1'),
  text.replace('"id"', '"Id"'),
  text.replace('"method"', '"\\u006dethod"'),
  text.replace('"params"', '"params":{"name":"echo"},"params"'),
  text.replace('"name"', '"name":"echo","name"'),
  text.replace('"name"', '"Name":"rm","name"'),
  text.replace('"name"', '"ARGUMENTS":{},"name"'),
  text.replace('"name"', '"ｎame":"rm","name"'),
  text.replace('"name"', '"\\u006eame":"rm","name"'),
  text.replace('"name"', '"x":1,"x":2,"name"'),
  text.replace('"name"', '"Name"'),
  text.replace('"echo"', '["echo"]'),
  text.replace('"arguments":{}', '"arguments":{"a":1,}'),
  text.replace('"arguments":{}', '"arguments":[1,]'),
  text.replace('"arguments":{}', '"arguments":{a:1}'),
  text.replace('"arguments":{}', '"arguments":"\\x"'),
  text.replace('"arguments":{}', '"arguments":"\\u12g4"'),
  text.replace('"arguments":{}', '"arguments":"\t"'),
  text.replace('"arguments":{}', '"arguments":NaN'),
  text.replace('"arguments":{}', '"arguments":tru'),
  text.replace('"arguments":{}', `"arguments":${'['.repeat(61)}${']'.repeat(61)}`),
  // Readers that end a line there take what follows for a message.
  text.replace('"arguments":{}', `"arguments":"\u2028${text.replaceAll('"', '\\"')}"`),
  text.replace('"arguments":{}', '"arguments":"\u2029"'),
  text.replace('"arguments":{}', '"arguments":"\u0085"'),
  text.replace('"id"', '\r"id"'),
  text.replace('{', '{"result":{},'),
  text.replace('{', '{"x":{},'),
  `\ufeff${text}`,
  Buffer.concat([Buffer.from(text.slice(0, -3)), Buffer.from([0x22, 0xff, 0x22])]),
  ...[
    [0xc0, 0xaf],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0x80],
    [0xe2, 0x82],
  ].map((bytes) =>
    Buffer.from(text.replace('"arguments":{}', `"arguments":"${String.fromCharCode(...bytes)}"`), 'latin1'),
  ),
];

/** A generator whose numbers are the same each time (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '\r',
  '0',
  '-',
  'e',
  '\\u0041',
  '"name":"echo"',
  '"id":1',
]
  .concat([
    '"Name":"rm"',
    '"method":"tools/call"',
    '"result":{}',
    '\u2028',
    'é',
    '\ud800',
    '\0',
    'null',
    '"params":{',
  ])
  .map((piece) => Buffer.from(piece));

/** A line with a few bytes of it exchanged, taken out, doubled, or put in. */
function mutated(line: Buffer, random: (below: number) => number): Buffer {
  let bytes = line;
  for (let left = random(4); left >= 0; left -= 1) {
    const at = random(bytes.length + 1);
    const to = Math.min(bytes.length, at + random(8));
    const piece = [
      PIECES[random(PIECES.length)] ?? Buffer.alloc(0),
      Buffer.from([random(256)]),
      bytes.subarray(at, Math.min(bytes.length, at + random(30))),
      Buffer.alloc(0),
    ][random(4)];
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      piece ?? Buffer.alloc(0),
      bytes.subarray(random(2) ? to : at),
    ]);
  }
  return bytes.includes(0x0a) ? line : bytes;
}

const WORDS = [
  'method',
  'result',
  'error',
  'a',
  '\\u006dethod',
  'metho\\u0064',
  'm\\u0045thod',
  'method\\\\',
  '\\"method',
  '',
]
  .concat(['resul\\u0074', 'err\\/or', 'é', 'x'.repeat(200), '{', '[', '\\":'])
  .map((word) => `"${word}"`);

/** An object as JSON, with keys and strings that are easily taken for one another. */
function someObject(random: (below: number) => number, depth: number): string {
  const word = () => WORDS[random(WORDS.length)] ?? '""';
  const space = () => ['', '', ' ', '\t '][random(4)] ?? '';
  const value = (): string => {
    if (depth === 0 || random(2) === 0) return random(2) === 0 ? word() : '1';
    const inner = someObject(random, depth - 1);
    return random(2) === 0 ? inner : `[${inner},${word()}]`;
  };
  const members = Array.from(
    { length: random(4) },
    () => `${space()}${word()}${space()}:${space()}${value()}`,
  );
  return `{${members.join(',')}${space()}}`;
}

describe('a call that passes by itself', { skip }, () => {
  it('is one of a tool that may be called, in JSON that nobody reads otherwise', () => {
    const lines = FREE.map((line) => Buffer.from(line));
    assert.equal(free(lines), '1'.repeat(lines.length));
  });

  it('is nothing of which a reader may think otherwise', () => {
    const lines = NOT_FREE.map((line) => Buffer.from(line));
    const passed = [...free(lines)].flatMap((word, at) => (word === '1' ? [String(NOT_FREE[at])] : []));
    assert.deepEqual(passed, []);
  });

  it('is to the guard a call of just that tool, whatever a line was made of', () => {
    const random = generator(7);
    const seeds = FREE.map((line) => Buffer.from(line));
    const lines = Array.from({ length: 60_000 }, () =>
      mutated(seeds[random(seeds.length)] ?? Buffer.alloc(0), random),
    );
    const words = free(lines);
    let passed = 0;
    for (const [at, line] of lines.entries()) {
      if (words[at] !== '1') continue;
      passed += 1;
      const read = readMessage(line);
      assert.ok(read.kind === 'message' && read.message.kind === 'request', line.toString());
      assert.equal(read.message.method, 'tools/call', line.toString());
      assert.ok(NAMES.includes(String(read.message.params['name'])), line.toString());
      assert.equal(ambiguityOf(line), null, line.toString());
    }
    // Enough of them are still calls, and enough are none.
    assert.ok(passed > 2_000 && passed < 58_000, String(passed));
  });
});

describe('the keys of a long message', { skip }, () => {
  it('are those that the guard finds, however the bytes are cut', () => {
    const random = generator(11);
    const lines = Array.from({ length: 20_000 }, () => Buffer.from(someObject(random, 3)));
    for (const line of lines) JSON.parse(line.toString());
    const expected = lines.map((line) => {
      const keys = new TopLevelKeys();
      keys.push(line);
      return Number(keys.has('result') || keys.has('error')) + 2 * Number(keys.has('method'));
    });
    for (const step of [1, 7, 100_000]) {
      const found = [...judged(['keys', String(step)], lines)].map(Number);
      const differ = lines.filter((_, at) => found[at] !== expected[at]).map(String);
      assert.deepEqual(differ.slice(0, 3), []);
    }
    assert.deepEqual(new Set(expected), new Set([0, 1, 2, 3]));
  });
});
