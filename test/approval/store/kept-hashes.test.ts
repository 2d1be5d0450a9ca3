import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeptHashes } from '../../../approval/store/kept-hashes.ts';
import { HashCache } from '../../../inventory/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const DIGEST = 'ab'.repeat(32);

function filled(): HashCache {
  const cache = new HashCache();
  cache.set(lstatSync('/', { bigint: true }), DIGEST, Date.now() + 3_600_000);
  return cache;
}

function answer(cache: HashCache): string | null {
  return cache.get(lstatSync('/', { bigint: true }));
}

test('what one run learnt the next one knows; only the owner may read and write it', () => {
  using state = new TempDirectory();
  const kept = new KeptHashes(state.path);
  assert.equal(kept.load().size, 0);
  kept.save(filled());
  assert.deepEqual(readdirSync(state.path), ['hash-cache']);
  assert.equal(statSync(join(state.path, 'hash-cache')).mode & 0o777, 0o600);
  assert.equal(answer(kept.load()), DIGEST);
});

test('a file that others could have written is not believed', () => {
  using state = new TempDirectory();
  const kept = new KeptHashes(state.path);
  kept.save(filled());
  chmodSync(join(state.path, 'hash-cache'), 0o620);
  assert.equal(answer(kept.load()), null);
  chmodSync(join(state.path, 'hash-cache'), 0o600);
  assert.equal(answer(kept.load()), DIGEST);
  chmodSync(state.path, 0o777);
  assert.equal(answer(kept.load()), null);
});

test('a damaged file is no fault, and is replaced', () => {
  using state = new TempDirectory();
  const kept = new KeptHashes(state.path);
  const path = join(state.path, 'hash-cache');
  writeFileSync(path, 'SWHASH01 but not really', { mode: 0o600 });
  assert.equal(kept.load().size, 0);
  kept.save(filled());
  assert.equal(answer(kept.load()), DIGEST);
});

test('without a state directory nothing is kept and nothing is made', () => {
  using state = new TempDirectory();
  const kept = new KeptHashes(join(state.path, 'none'));
  kept.save(filled());
  assert.equal(kept.load().size, 0);
  assert.equal(existsSync(join(state.path, 'none')), false);
});

test('a cache that learnt nothing is not written again', () => {
  using state = new TempDirectory();
  const kept = new KeptHashes(state.path);
  const cache = filled();
  kept.save(cache);
  const path = join(state.path, 'hash-cache');
  const { ino } = statSync(path);
  kept.save(cache);
  assert.equal(statSync(path).ino, ino);
  assert.ok(readFileSync(path).length > 0);
});
