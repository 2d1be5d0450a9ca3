import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApprovalError, type ApprovalErrorCode } from '../../../approval/errors.ts';
import { createKey } from '../../../approval/keys/key-files.ts';
import { sshBlobOf } from '../../../approval/keys/public-key.ts';
import { loadTrust, loadTrustFiles, trustFiles } from '../../../approval/keys/trust-roots.ts';
import { TempDirectory } from '../../temp-directory.ts';

const asRoot = process.getuid?.() === 0 ? false : 'needs root to act as another user';
const pem = (state: TempDirectory, name: string) =>
  String(createKey(state.path, name).publicKey.export({ type: 'spki', format: 'pem' }));
const source = (state: TempDirectory, systemDirectory: string | null = null) => ({
  stateDir: state.path,
  systemDirectory,
  profile: 'production' as const,
});
function refused(code: ApprovalErrorCode) {
  return (error: unknown) => error instanceof ApprovalError && error.code === code;
}

test('PEM and OpenSSH lines of one key are one root; a key of another kind is refused', () => {
  using state = new TempDirectory();
  const key = createKey(state.path, 'a');
  state.write('trust/a.pem', String(key.publicKey.export({ type: 'spki', format: 'pem' })));
  state.write('trust/a.pub', `ssh-ed25519 ${sshBlobOf(key.publicKey).toString('base64')} alice@host\n`);
  assert.deepEqual([...loadTrust(source(state)).keys.keys()], [key.signer.id]);
  state.write('trust/rsa.pub', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== x');
  assert.throws(() => loadTrust(source(state)), refused('APPROVAL_KEY_UNREADABLE'));
});

test('where the host has a directory of its own, it alone counts', () => {
  using state = new TempDirectory();
  using system = new TempDirectory();
  state.write('trust/own.pem', pem(state, 'own'));
  assert.equal(loadTrust(source(state, system.at('none'))).keys.size, 1);
  assert.equal(loadTrust(source(state, system.path)).keys.size, 0);
  assert.ok(trustFiles(source(state, system.path)).includes(system.path));
});

test('the number of signatures comes from policy.json and cannot be more than there are keys', () => {
  using state = new TempDirectory();
  state.write('trust/a.pem', pem(state, 'a'));
  const policy = (text: string) => state.write('trust/policy.json', text);
  policy('{"threshold":{"production":2}}');
  assert.throws(() => loadTrust(source(state)), refused('APPROVAL_TRUST_POLICY_INVALID'));
  state.write('trust/b.pem', pem(state, 'b'));
  assert.deepEqual(loadTrust(source(state)).threshold, { developer: 1, production: 2 });
  for (const text of ['', '[]', '{"threshold":{"production":0}}', '{"treshold":{}}']) {
    policy(text);
    assert.throws(() => loadTrust(source(state)), refused('APPROVAL_TRUST_POLICY_INVALID'), text);
  }
});

test('a directory above, or a link on the way, that others may write refuses all', { skip: asRoot }, () => {
  using base = new TempDirectory();
  mkdirSync(base.at('open/state/trust'), { recursive: true });
  const at = { stateDir: base.at('open/state'), systemDirectory: null, profile: 'developer' as const };
  assert.equal(loadTrust(at).keys.size, 0);
  chmodSync(base.at('open'), 0o777);
  assert.throws(() => loadTrust(at), refused('APPROVAL_TRUST_ROOT_EXPOSED'));
  chmodSync(base.at('open'), 0o1777);
  assert.equal(loadTrust(at).keys.size, 0);
  mkdirSync(base.at('safe'));
  rmSync(base.at('open/state/trust'), { recursive: true });
  symlinkSync(base.at('safe'), base.at('open/state/trust'));
  assert.equal(loadTrust(at).keys.size, 0);
  chmodSync(base.at('open/state'), 0o777);
  assert.throws(() => loadTrust(at), refused('APPROVAL_TRUST_ROOT_EXPOSED'));
});

test('an ordinary user trusts its own roots as a developer and never in production', { skip: asRoot }, () => {
  using state = new TempDirectory();
  state.write('trust/a.pem', pem(state, 'a'));
  execFileSync('chown', ['-R', '65534:65534', state.path]);
  const module = new URL('../../../approval/keys/trust-roots.ts', import.meta.url).pathname;
  const script = `process.setgid(65534); process.setuid(65534);
    const { loadTrust } = await import(${JSON.stringify(module)});
    for (const profile of ['developer', 'production']) {
      try { console.log(profile, loadTrust({ stateDir: ${JSON.stringify(state.path)}, systemDirectory: null, profile }).keys.size); }
      catch (error) { console.log(profile, error.code); }
    }`;
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(answer, 'developer 1\nproduction APPROVAL_TRUST_ROOT_EXPOSED\n');
});

test('a checkout cannot bring the keys that it is judged by', () => {
  using state = new TempDirectory();
  const text = pem(state, 'a');
  state.write('checkout/key.pem', text);
  state.write('elsewhere/key.pem', text);
  const judged = [state.at('checkout')];
  assert.equal(loadTrustFiles([state.at('elsewhere/key.pem')], judged).keys.size, 1);
  assert.throws(
    () => loadTrustFiles([state.at('checkout/key.pem')], judged),
    refused('APPROVAL_TRUST_ROOT_EXPOSED'),
  );
  writeFileSync(state.at('elsewhere/private.pem'), '-----BEGIN PRIVATE KEY-----\n');
  assert.throws(
    () => loadTrustFiles([state.at('elsewhere/private.pem')], judged),
    refused('APPROVAL_KEY_UNREADABLE'),
  );
});
