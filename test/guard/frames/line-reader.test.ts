import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LinePart, LineReader } from '../../../guard/frames/line-reader.ts';

const LIMIT = 16;
const joined = (parts: readonly LinePart[]) => Buffer.concat(parts.map(({ bytes }) => bytes));

test('every byte comes out once and in order, however it came in', () => {
  const bytes = fc
    .uint8Array({ maxLength: 200 })
    .map((data) => Buffer.from(data.map((byte) => (byte % 5 === 0 ? 0x0a : byte))));
  fc.assert(
    fc.property(bytes, fc.array(fc.integer({ min: 1, max: 40 })), (all, cuts) => {
      const reader = new LineReader(LIMIT);
      const parts: LinePart[] = [];
      let at = 0;
      for (const cut of [...cuts, all.length]) {
        parts.push(...reader.push(all.subarray(at, at + cut)));
        at = Math.min(all.length, at + cut);
      }
      const rest = reader.end() ?? Buffer.alloc(0);
      assert.deepEqual(Buffer.concat([joined(parts), rest]), all);
      for (const part of parts) {
        if (part.kind === 'line') assert.ok(part.bytes.indexOf(0x0a) === part.bytes.length - 1);
        if (part.kind === 'more') assert.equal(part.last, part.bytes.at(-1) === 0x0a);
      }
    }),
  );
});

test('a line is held back until it is whole, and given in pieces past the limit', () => {
  const reader = new LineReader(LIMIT);
  assert.deepEqual(reader.push(Buffer.from('abc')), []);
  assert.equal(reader.held, 3);
  assert.deepEqual(reader.push(Buffer.from('d\ne')), [{ kind: 'line', bytes: Buffer.from('abcd\n') }]);
  const long = 'x'.repeat(LIMIT);
  assert.deepEqual(reader.push(Buffer.from(long)), [{ kind: 'head', bytes: Buffer.from(`e${long}`) }]);
  assert.deepEqual(reader.push(Buffer.from('yy')), [{ kind: 'more', bytes: Buffer.from('yy'), last: false }]);
  assert.deepEqual(reader.push(Buffer.from('z\nq')), [
    { kind: 'more', bytes: Buffer.from('z\n'), last: true },
  ]);
  assert.deepEqual(reader.end(), Buffer.from('q'));
});
