import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApprovalError, type ApprovalErrorCode } from '../../../approval/errors.ts';
import { isExposed } from '../../../approval/keys/exposure.ts';
import { openSigner } from '../../../approval/keys/key-choice.ts';
import { loadTrust } from '../../../approval/keys/trust-roots.ts';
import { TempDirectory } from '../../temp-directory.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to give a file away';

const openSigningKey = (stateDir: string) =>
  openSigner(undefined, { stateDir, systemDirectory: null, agentSocket: undefined });
const loadTrustRoots = (stateDir: string) => [
  ...loadTrust({ stateDir, systemDirectory: null, profile: 'production' }).keys.values(),
];

function refused(code: ApprovalErrorCode) {
  return (error: unknown) => error instanceof ApprovalError && error.code === code;
}

test('the first use makes a key that only its owner reads, and trusts it', async () => {
  using state = new TempDirectory();
  const made = await openSigningKey(state.path);
  assert.equal(statSync(state.at('keys/approver.pem')).mode & 0o777, 0o600);
  assert.equal(statSync(state.at('keys')).mode & 0o077, 0);
  assert.equal((await openSigningKey(state.path)).id, made.id);
  assert.deepEqual(
    loadTrustRoots(state.path).map(({ id }) => id),
    [made.id],
  );
});

test('no state directory means no trust', async () => {
  using state = new TempDirectory();
  assert.deepEqual(loadTrustRoots(state.at('none')), []);
});

test('a key that others may read signs nothing any more', async () => {
  using state = new TempDirectory();
  await openSigningKey(state.path);
  for (const mode of [0o644, 0o640, 0o602]) {
    chmodSync(state.at('keys/approver.pem'), mode);
    await assert.rejects(openSigningKey(state.path), refused('APPROVAL_KEY_EXPOSED'));
  }
});

test('a key file that holds no key is refused and left alone', async () => {
  using state = new TempDirectory();
  state.write('keys/approver.pem', 'garbage', 0o600);
  await assert.rejects(openSigningKey(state.path), refused('APPROVAL_KEY_UNREADABLE'));
  assert.deepEqual(readdirSync(state.path), ['keys']);
});

test('a trust root that others may write is refused, and so is a directory of them', async () => {
  using state = new TempDirectory();
  await openSigningKey(state.path);
  const [name = ''] = readdirSync(state.at('trust'));
  for (const mode of [0o664, 0o646, 0o1666]) {
    chmodSync(state.at('trust', name), mode);
    assert.throws(() => loadTrustRoots(state.path), refused('APPROVAL_TRUST_ROOT_EXPOSED'), mode.toString(8));
  }
  chmodSync(state.at('trust', name), 0o644);
  for (const mode of [0o777, 0o775, 0o1777]) {
    chmodSync(state.at('trust'), mode);
    assert.throws(() => loadTrustRoots(state.path), refused('APPROVAL_TRUST_ROOT_EXPOSED'), mode.toString(8));
  }
  chmodSync(state.at('trust'), 0o755);
  assert.equal(loadTrustRoots(state.path).length, 1);
});

test('a trust root of another user is refused', { skip }, async () => {
  using state = new TempDirectory();
  await openSigningKey(state.path);
  const [name = ''] = readdirSync(state.at('trust'));
  chownSync(state.at('trust', name), 12_345, 12_345);
  assert.throws(() => loadTrustRoots(state.path), refused('APPROVAL_TRUST_ROOT_EXPOSED'));
});

test('a trust root that is no public key is refused', async () => {
  using state = new TempDirectory();
  mkdirSync(state.at('trust'));
  writeFileSync(state.at('trust/x.pem'), 'garbage');
  assert.throws(() => loadTrustRoots(state.path), refused('APPROVAL_KEY_UNREADABLE'));
});

test('a sticky directory exposes nothing in it, a sticky file is exposed like any other', async () => {
  using home = new TempDirectory();
  mkdirSync(home.at('shared'));
  chmodSync(home.at('shared'), 0o1777);
  assert.equal(isExposed(home.at('shared')), false);
  home.write('shared/file', 'x', 0o1666);
  assert.equal(isExposed(home.at('shared/file')), true);
});
