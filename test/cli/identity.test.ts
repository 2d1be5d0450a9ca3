import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { openIdentityKey } from '../../approval/identity/identity-key.ts';
import { signToken } from '../../approval/identity/token.ts';
import { STATEMENT } from '../approval/identity/token-key.ts';
import { TempDirectory } from '../temp-directory.ts';
import { runBuilt } from './built.ts';

/** A host with its key set in a file, and a token that is good now. */
class Host implements Disposable {
  readonly state = new TempDirectory();
  readonly keys = this.state.write(
    'keys.json',
    runBuilt(['identity', 'keys', '--state-dir', this.state.path]).stdout,
  );
  readonly token = this.tokenAt(Date.now());

  tokenAt(nowMs: number): string {
    return signToken(STATEMENT, openIdentityKey(this.state.path), nowMs);
  }

  verify(token: string, { audience = STATEMENT.audience, keys = this.keys, input = '', json = true } = {}) {
    const args = ['identity', 'verify', token, '--audience', audience, '--keys', keys];
    return runBuilt(json ? [...args, '--json'] : args, { input });
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
  }
}

test('identity keys prints the key set of the host, made at first, and never the private half', () => {
  using state = new TempDirectory();
  const first = runBuilt(['identity', 'keys', '--state-dir', state.path]);
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(Object.keys(first.json().keys[0]), ['kty', 'crv', 'x', 'kid', 'use', 'alg']);
  assert.equal(runBuilt(['identity', 'keys', '--state-dir', state.path]).stdout, first.stdout);
  assert.equal(statSync(state.at('identity', 'key.pem')).mode & 0o777, 0o600);
});

test('identity verify believes a token that is given itself, as a file or on stdin', () => {
  using host = new Host();
  const file = host.state.write('token', `${host.token}\n`);
  const given = [host.verify(host.token), host.verify(file), host.verify('-', { input: host.token })];
  for (const answer of given) {
    assert.equal(answer.status, 0, answer.stderr);
    assert.equal(answer.json().valid, true);
    assert.equal(answer.json().claims.sub, STATEMENT.subject);
  }
  const { status, stdout } = host.verify(host.token, { json: false });
  assert.equal(status, 0);
  assert.match(stdout, /^spiffe:\/\/example\.org\/host\/h1\/client\/cursor\/server\/files, until /);
});

test('identity verify ends in 1 and says why a token is refused', () => {
  using host = new Host();
  using other = new Host();
  const refused = [
    { fault: 'audience', answer: host.verify(host.token, { audience: 'other' }) },
    { fault: 'unknown_key', answer: host.verify(other.token) },
    { fault: 'expired', answer: host.verify(host.tokenAt(Date.now() - 3_600_000)) },
    { fault: 'malformed', answer: host.verify('-', { input: 'no token' }) },
  ];
  for (const { fault, answer } of refused) {
    assert.equal(answer.status, 1);
    assert.deepEqual(answer.json(), { valid: false, fault });
  }
  const { status, stdout } = host.verify(host.token, { audience: 'other', json: false });
  assert.deepEqual([status, stdout], [1, 'refused: audience\n']);
});

test('identity verify ends in 3 where token or keys cannot be read, and in 2 where it is called wrongly', () => {
  using host = new Host();
  const unread = [
    host.verify(host.state.at('none')),
    host.verify(host.state.write('big', 'x'.repeat(20_000))),
    host.verify(host.token, { keys: host.state.at('none') }),
    host.verify(host.token, { keys: host.state.write('odd.json', '{}') }),
  ];
  for (const { status, stdout, stderr } of unread) {
    assert.equal(status, 3, stdout);
    assert.match(stderr, /CLI_FILE_UNREADABLE/);
    assert.equal(stdout, '');
  }
  assert.equal(host.verify('-', { keys: '-' }).status, 2);
  assert.equal(runBuilt(['identity', 'verify', host.token, '--keys', host.keys]).status, 2);
  assert.equal(runBuilt(['identity', 'verify', host.token, '--audience', 'a']).status, 2);
});

test('identity keys ends in 3 where the key was open to others', () => {
  using state = new TempDirectory();
  state.write('identity/key.pem', '', 0o644);
  const answer = runBuilt(['identity', 'keys', '--state-dir', state.path]);
  assert.equal(answer.status, 3);
  assert.match(answer.stderr, /APPROVAL_KEY_EXPOSED/);
});
