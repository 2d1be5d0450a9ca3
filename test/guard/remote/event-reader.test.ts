import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventReader, EventTooLong } from '../../../guard/remote/event-reader.ts';

const LIMIT = 1_000;

function read(pieces: readonly Buffer[], reader = new EventReader(LIMIT)): readonly string[] {
  return pieces
    .flatMap((piece) => reader.push(piece))
    .map(({ type, data }) => `${type}:${data.toString('utf8')}`);
}

function cut(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const STREAM = [
  ': a comment\r\n\r\n',
  'id: 7\ndata: {"a":"é"}\n\n',
  'event: endpoint\rdata:/message\r\r',
  'data: one\r\ndata:  two\r\ndata\r\n\r\n',
  'event: nothing\n\nretry: 250\nretry: soon\nunknown: x\ndata: after\n\n',
  'data: never ended',
].join('');
const EVENTS = ['message:{"a":"é"}', 'endpoint:/message', 'message:one\n two\n', 'message:after'];

test('events are read by the rules of the standard, with any end of line', () => {
  const reader = new EventReader(LIMIT);
  assert.deepEqual(read([Buffer.from(STREAM)], reader), EVENTS);
  assert.equal(reader.lastEventId, '7');
  assert.equal(reader.retryMs, 250);
});

test('it makes no difference where the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), (at) => {
      assert.deepEqual(read(cut(Buffer.from(STREAM), at)), EVENTS);
    }),
  );
});

test('a byte order mark at the beginning is no part of the first field', () => {
  assert.deepEqual(read([Buffer.from('\uFEFFdata: x\n\n\uFEFFdata: y\n\n')]), ['message:x']);
});

test('an event without data moves the place from which the stream goes on', () => {
  const reader = new EventReader(LIMIT);
  assert.deepEqual(read([Buffer.from('id: primed\ndata:\n\n')], reader), []);
  assert.equal(reader.lastEventId, 'primed');
});

test('an id that no header can carry is no place from which a stream goes on', () => {
  const reader = new EventReader(LIMIT);
  read([Buffer.from('id: 1\ndata: x\n\nid: a\u0000b\ndata: y\n\n')], reader);
  assert.equal(reader.lastEventId, null);
});

for (const [what, text] of [
  ['one long line', `data: ${'x'.repeat(LIMIT)}`],
  ['many short lines', 'data: x\n'.repeat(LIMIT)],
  ['a comment without end', `:${'x'.repeat(LIMIT)}`],
] as const) {
  test(`an event over the limit is refused before it is whole (${what})`, () => {
    const pieces = cut(
      Buffer.from(text),
      Array.from({ length: 50 }, (_, index) => index * 20),
    );
    assert.throws(() => read(pieces), EventTooLong);
  });
}

test('any number of events within the limit is read', () => {
  assert.equal(read([Buffer.from(`data: ${'x'.repeat(LIMIT / 2)}\n\n`.repeat(20))]).length, 20);
});
