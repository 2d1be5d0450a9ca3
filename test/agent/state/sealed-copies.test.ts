import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openDatabase } from '../../../agent/state/database.ts';
import { MAX_COPY_CHARS, SealedCopies } from '../../../agent/state/sealed-copies.ts';
import { TempDirectory } from '../../temp-directory.ts';

const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);

test('a diff of two kept texts names the path and the lines', () => {
  using state = new TempDirectory();
  const copies = new SealedCopies(() => openDatabase(state.path));
  copies.put(OLD, 'one\ntwo\nthree\n');
  copies.put(NEW, 'one\n2\nthree\n');
  assert.equal(copies.get(OLD), 'one\ntwo\nthree\n');
  const diff = copies.diff('/srv/x.js', OLD, NEW) ?? '';
  assert.match(diff, /^--- \/srv\/x\.js sealed\n\+\+\+ \/srv\/x\.js now\n/);
  assert.match(diff, /\n-two\n\+2\n/);
  assert.match(copies.diff('/srv/x.js', null, NEW) ?? '', /\+one\n\+2\n\+three/);
  assert.match(copies.diff('/srv/x.js', OLD, null) ?? '', /-one\n-two\n-three/);
});

test('copies are for their owner only, and a second one of a digest changes nothing', () => {
  using state = new TempDirectory();
  const copies = new SealedCopies(() => openDatabase(state.path));
  copies.put(OLD, 'first');
  copies.put(OLD, 'second');
  assert.equal(copies.get(OLD), 'first');
  assert.equal(statSync(state.at('agent.db')).mode & 0o077, 0);
});

test('what is too large or not text is passed over, and then there is no diff', () => {
  using state = new TempDirectory();
  const copies = new SealedCopies(() => openDatabase(state.path));
  copies.put(OLD, 'x'.repeat(MAX_COPY_CHARS + 1));
  copies.put(NEW, 'a\0b');
  assert.equal(copies.has(OLD), false);
  assert.equal(copies.has(NEW), false);
  assert.equal(copies.diff('/x', OLD, NEW), null);
  copies.put(OLD, 'x'.repeat(MAX_COPY_CHARS));
  assert.equal(copies.has(OLD), true);
});

test('a long diff is cut, and texts with little in common have none', () => {
  using state = new TempDirectory();
  const copies = new SealedCopies(() => openDatabase(state.path));
  const lines = (word: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join('');
  copies.put(OLD, lines('old line of some length, so that it is long', 400));
  copies.put(NEW, lines('new line of some length, so that it is long', 400));
  const diff = copies.diff('/x', OLD, NEW) ?? '';
  assert.ok(diff.endsWith('… cut\n') && diff.length < 17_000);
  copies.put('c'.repeat(64), lines('p', 3_000));
  copies.put('d'.repeat(64), lines('q', 3_000));
  assert.equal(copies.diff('/x', 'c'.repeat(64), 'd'.repeat(64)), null);
});

test('a copy that was tampered with, or that unpacks without end, is no copy', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  const copies = new SealedCopies(() => database);
  const put = database.prepare('INSERT INTO sealed_copy (digest, body) VALUES (?, ?)');
  put.run(OLD, Buffer.from('garbage'));
  put.run(NEW, gzipSync(Buffer.alloc(MAX_COPY_CHARS * 5)));
  assert.equal(copies.get(OLD), null);
  assert.equal(copies.get(NEW), null);
  assert.deepEqual([copies.has(OLD), copies.has(NEW)], [true, true]);
});

test('of too many copies the oldest go', () => {
  using state = new TempDirectory();
  const copies = new SealedCopies(() => openDatabase(state.path), 4_096);
  const digests = Array.from({ length: 40 }, (_, index) => String(index).padStart(64, '0'));
  for (const digest of digests) copies.put(digest, randomBytes(150).toString('hex'));
  assert.equal(copies.get(digests[0] ?? ''), null);
  assert.notEqual(copies.get(digests[39] ?? ''), null);
});
