import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { HashCache } from '../../../../inventory/closure/files/hash-cache.ts';
import { decodeHashCache, encodeHashCache } from '../../../../inventory/closure/files/hash-cache-file.ts';
import { hashFile } from '../../../../inventory/closure/files/hash-file.ts';
import { hashTree } from '../../../../inventory/closure/files/package-tree.ts';
import { TempHome } from '../../temp-home.ts';

const LATER = Date.now() + 3_600_000;

/** What lstat would tell of a file, one field changed. */
function statOf(inode: bigint, change: Partial<BigIntStats> = {}): BigIntStats {
  const stat = lstatSync('/', { bigint: true });
  return Object.assign(
    stat,
    { dev: 1n, ino: inode, size: 9n, mtimeNs: 1n, ctimeNs: 2n, ctimeMs: 0n },
    change,
  );
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function atRest(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
}

test('a digest is kept for exactly one device, inode, size, mtime and ctime', () => {
  const cache = new HashCache();
  cache.set(statOf(7n), digestOf('a'), LATER);
  assert.equal(cache.get(statOf(7n)), digestOf('a'));
  for (const change of [{ dev: 2n }, { ino: 8n }, { size: 8n }, { mtimeNs: 0n }, { ctimeNs: 3n }]) {
    assert.equal(cache.get(statOf(7n, change)), null, JSON.stringify(Object.keys(change)));
  }
});

test('a new state of an inode takes the place of the old one', () => {
  const cache = new HashCache();
  cache.set(statOf(7n), digestOf('a'), LATER);
  cache.set(statOf(7n, { ctimeNs: 3n }), digestOf('b'), LATER);
  assert.equal(cache.size, 1);
  assert.equal(cache.get(statOf(7n)), null);
  assert.equal(cache.get(statOf(7n, { ctimeNs: 3n })), digestOf('b'));
});

test('over its limit the cache drops what was not asked for longest', () => {
  const cache = new HashCache(100);
  for (let inode = 0n; inode < 100n; inode += 1n) cache.set(statOf(inode), digestOf(String(inode)), LATER);
  assert.equal(cache.get(statOf(0n)), digestOf('0'));
  cache.set(statOf(500n), digestOf('500'), LATER);
  assert.ok(cache.size <= 100);
  assert.equal(cache.get(statOf(0n)), digestOf('0'));
  assert.equal(cache.get(statOf(500n)), digestOf('500'));
  assert.equal(cache.get(statOf(1n)), null);
  assert.equal(cache.get(statOf(99n)), digestOf('99'));
});

test('inode numbers that a file system chose to collide are told apart', () => {
  const cache = new HashCache();
  const inodes = Array.from({ length: 5_000 }, (_, index) => BigInt(index) << 40n);
  for (const inode of inodes) cache.set(statOf(inode), digestOf(String(inode)), LATER);
  for (const inode of inodes) assert.equal(cache.get(statOf(inode)), digestOf(String(inode)));
});

test('a file that was just written is hashed, not kept', async () => {
  using home = new TempHome();
  const path = home.write('x', 'one');
  const cache = new HashCache();
  assert.equal(Object(hashFile(path, cache)).sha256, digestOf('one'));
  assert.equal(cache.size, 0);
  await atRest();
  assert.equal(Object(hashFile(path, cache)).sha256, digestOf('one'));
  assert.equal(cache.size, 1);
});

test('the same size and a set-back mtime do not hide a change', async () => {
  using home = new TempHome();
  const path = home.write('x', 'one');
  await atRest();
  const cache = new HashCache();
  hashFile(path, cache);
  const { atime, mtime } = statSync(path);
  writeFileSync(path, 'two');
  utimesSync(path, atime, mtime);
  assert.equal(Object(hashFile(path, cache)).sha256, digestOf('two'));
});

for (const size of [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 256 * 1024]) {
  test(`a file of ${size} bytes is hashed whole`, () => {
    using home = new TempHome();
    const content = Buffer.alloc(size, 'ab');
    const path = home.write('x', content);
    const wanted = createHash('sha256').update(content).digest('hex');
    assert.equal(Object(hashFile(path, new HashCache())).sha256, wanted);
  });
}

test('a file over the limit and a symlink are refused', () => {
  using home = new TempHome();
  const large = home.write('large', '');
  truncateSync(large, 1024 * 1024 * 1024 + 1);
  assert.match(Object(hashFile(large, new HashCache())).reason, /larger than/);
  assert.match(Object(hashFile('/proc/self/exe', new HashCache())).reason, /not a regular file/);
});

test('a saved cache answers as before, for files, trees and access lists', async () => {
  using home = new TempHome();
  home.write('tree/a/b.js', 'b');
  home.write('tree/naïve ✓.js', 'c');
  const tree = `${home.path}/tree`;
  await atRest();
  const cache = new HashCache();
  const { sha256, owners, version } = Object(hashTree(tree, cache));
  const known = { version: '1', list: { users: [5], groups: [], owningGroup: false } };
  cache.accessLists.set('/x', known);
  assert.equal(cache.changed, true);
  const restored = decodeHashCache(encodeHashCache(cache));
  assert.equal(cache.changed, false);
  assert.ok(restored);
  assert.equal(restored.size, 2);
  assert.equal(restored.get(lstatSync(`${tree}/a/b.js`, { bigint: true })), digestOf('b'));
  const again = restored.trees.get(tree);
  assert.deepEqual([again?.sha256, again?.owners, again?.version], [sha256, owners, version]);
  assert.deepEqual([...restored.accessLists], [['/x', known]]);
  assert.equal(restored.changed, false);
});

test('a damaged, cut or foreign file is no cache', () => {
  const cache = new HashCache();
  cache.set(statOf(7n), digestOf('a'), LATER);
  const bytes = encodeHashCache(cache);
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert.equal(decodeHashCache(damaged), null, `byte ${at}`);
    assert.equal(decodeHashCache(bytes.subarray(0, at)), null, `cut at ${at}`);
  }
  assert.notEqual(decodeHashCache(bytes), null);
});

test('an empty cache can be saved', () => {
  assert.equal(decodeHashCache(encodeHashCache(new HashCache()))?.size, 0);
});
