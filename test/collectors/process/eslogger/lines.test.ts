import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader, MAX_LINE_BYTES } from '../../../../collectors/process/eslogger/lines.ts';
import { bytesOf, linesOf } from './golden-lines.ts';

function read(...chunks: readonly Buffer[]): (string | null)[] {
  const reader = new LineReader();
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

test('however the pipe cuts the bytes, the lines are the same', () => {
  const bytes = bytesOf('macos-15-message-9');
  const whole = linesOf('macos-15-message-9');
  assert.ok(whole.some((line) => line.includes('ünï')));
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(read(bytes.subarray(0, at), bytes.subarray(at)), whole, `cut at ${at}`);
  assert.deepEqual(read(...Array.from(bytes, (byte) => Buffer.of(byte))), whole);
});

test('a line of 8 MiB is read, a longer one is told once, and the next is read', () => {
  const longest = Buffer.alloc(MAX_LINE_BYTES, 'x');
  const end = Buffer.from('\nnext\n');
  const [line, next] = read(longest, end);
  assert.deepEqual([line?.length, next], [MAX_LINE_BYTES, 'next']);
  assert.deepEqual(read(longest, Buffer.from('y'), longest, end), [null, 'next']);
  assert.deepEqual(read(Buffer.concat([longest, Buffer.from('y'), end])), [null, 'next']);
});

test('it is known whether a line has no end yet', () => {
  const reader = new LineReader();
  const push = (text: string) => [...reader.push(Buffer.from(text)), reader.unfinished];
  assert.deepEqual(push(''), [false]);
  assert.deepEqual(push('a'), [true]);
  assert.deepEqual(push(''), [true]);
  assert.deepEqual(push('b\n'), ['ab', false]);
  assert.deepEqual(push('c\nd'), ['c', true]);
  assert.deepEqual(push('\n\n'), ['d', '', false]);
});
