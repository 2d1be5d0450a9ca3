import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { identityKeySet, openIdentityKey } from '../../../approval/identity/identity-key.ts';
import { readKeySet } from '../../../approval/identity/key-set.ts';
import { TempDirectory } from '../../temp-directory.ts';

const OPENER = fileURLToPath(new URL('programs/open-key.ts', import.meta.url));
const EXPOSED = { code: 'APPROVAL_KEY_EXPOSED' };
const UNREADABLE = { code: 'APPROVAL_KEY_UNREADABLE' };
const root = process.getuid?.() === 0;

test('the key is made at the first use and stays', () => {
  using state = new TempDirectory();
  const first = openIdentityKey(state.path);
  const second = openIdentityKey(state.path);
  assert.equal(second.id, first.id);
  assert.ok(second.privateKey.equals(first.privateKey));
  assert.deepEqual(readdirSync(state.at('identity')), ['key.pem']);
  assert.equal(statSync(state.at('identity')).mode & 0o777, 0o700);
  assert.equal(statSync(state.at('identity', 'key.pem')).mode & 0o777, 0o600);
});

test('the key set is that of the key', () => {
  using state = new TempDirectory();
  const keys = readKeySet(identityKeySet(state.path));
  assert.deepEqual(
    [...(keys ?? [])].map(([id]) => id),
    [openIdentityKey(state.path).id],
  );
});

test('guards that start at once make one key', async () => {
  using state = new TempDirectory();
  const openers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--experimental-strip-types', OPENER, state.path], {
      stdio: ['pipe', 'pipe', 'ignore'],
    }),
  );
  await Promise.all(openers.map(({ stdout }) => once(stdout, 'data')));
  const ids = await Promise.all(openers.map(idOf));
  assert.deepEqual(
    ids,
    ids.map(() => openIdentityKey(state.path).id),
  );
  assert.deepEqual(readdirSync(state.at('identity')), ['key.pem']);
});

async function idOf({ stdin, stdout }: ChildProcessByStdio<Writable, Readable, null>): Promise<string> {
  const said: Promise<Buffer[]> = stdout.toArray();
  stdin.end('go');
  return Buffer.concat(await said).toString();
}

test('a key or directory that others can read is refused', () => {
  for (const [path, mode] of [
    ['identity/key.pem', 0o640],
    ['identity/key.pem', 0o604],
    ['identity', 0o750],
    ['identity', 0o701],
  ] as const) {
    using state = new TempDirectory();
    openIdentityKey(state.path);
    chmodSync(state.at(path), mode);
    assert.throws(() => openIdentityKey(state.path), EXPOSED, `${path} ${mode.toString(8)}`);
  }
});

test('a directory of another user is refused', { skip: root ? false : 'needs root to give it away' }, () => {
  using state = new TempDirectory();
  mkdirSync(state.at('identity'), { mode: 0o700 });
  chownSync(state.at('identity'), 12_345, 12_345);
  assert.throws(() => openIdentityKey(state.path), EXPOSED);
});

test('a link in place of key or directory is refused', () => {
  using state = new TempDirectory();
  using other = new TempDirectory();
  openIdentityKey(other.path);
  symlinkSync(other.at('identity'), state.at('identity'));
  assert.throws(() => openIdentityKey(state.path), EXPOSED);
  using third = new TempDirectory();
  mkdirSync(third.at('identity'), { mode: 0o700 });
  symlinkSync(other.at('identity', 'key.pem'), third.at('identity', 'key.pem'));
  assert.throws(() => openIdentityKey(third.path), UNREADABLE);
});

test('what is no Ed25519 key is refused and left as it is', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  for (const pem of ['', 'no key', String(rsa.export({ type: 'pkcs8', format: 'pem' }))]) {
    using state = new TempDirectory();
    mkdirSync(state.at('identity'), { mode: 0o700 });
    state.write('identity/key.pem', pem, 0o600);
    assert.throws(() => openIdentityKey(state.path), UNREADABLE);
    assert.equal(state.read('identity', 'key.pem'), pem);
  }
});

test('a state directory that cannot be written says so', () => {
  using state = new TempDirectory();
  state.write('file', '');
  assert.throws(() => openIdentityKey(state.at('file')), { code: 'APPROVAL_STORE_UNWRITABLE' });
});
