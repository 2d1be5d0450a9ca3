import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TopLevelKeys } from '../../../guard/frames/top-level-keys.ts';

function keysOf(text: string, cut = text.length): readonly string[] {
  const keys = new TopLevelKeys();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += cut) keys.push(bytes.subarray(at, at + cut));
  return keys.found.map(({ parent, name }) => (parent === null ? name : `${parent}.${name}`));
}

test('the keys of a message and of the objects directly in it are found', () => {
  const text =
    '{"id":1,"params":{"name":"a","arguments":{"name":{"x":1}}},"list":[{"no":1}],"m":"{\\"no\\":1}"}';
  const found = ['id', 'params', 'params.name', 'params.arguments', 'list', 'm'];
  for (const cut of [1, 2, 7, text.length]) assert.deepEqual(keysOf(text, cut), found);
});

test('a key that stands twice is told twice, also where its letters are escaped', () => {
  assert.deepEqual(keysOf('{"method":"a","\\u006dethod":"b"}'), ['method', 'method']);
  assert.deepEqual(keysOf('{"params":{"name":"a","name":"b"}}'), ['params', 'params.name', 'params.name']);
});

test('a list has no keys of its own', () => {
  assert.deepEqual(keysOf('[{"result":1,"x":{"y":2}}]'), []);
});

test('it finds what a parser finds', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 1, max: 9 }), (value, cut) => {
      const text = JSON.stringify(value);
      const wanted = Object.entries(JSON.parse(text)).flatMap(([name, item]) => [
        name,
        ...(typeof item === 'object' && item !== null && !Array.isArray(item)
          ? Object.keys(item).map((key) => `${name}.${key}`)
          : []),
      ]);
      assert.deepEqual(keysOf(text, cut), wanted);
    }),
  );
});

test('more keys than anybody writes are said to be too many', () => {
  const keys = new TopLevelKeys();
  keys.push(Buffer.from(`{${Array.from({ length: 300 }, (_, at) => `"k${at}":1`).join(',')}}`));
  assert.equal(keys.overfull, true);
});
