import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { AgentIdentity } from '../../../guard/identity/agent-identity.ts';
import { chooseIdentity } from '../../../guard/identity/identity-choice.ts';
import { LocalIdentity } from '../../../guard/identity/local-identity.ts';
import { TempDirectory } from '../../temp-directory.ts';

const ISSUER = { trustDomain: 'example.org', host: 'h1' };

test('a guard signs for itself where its user decides, and asks the agent where the host does', () => {
  using own = new TempDirectory();
  using host = new TempDirectory();
  const asked = chooseIdentity({ decisions: host.path, own: own.path, issuer: ISSUER });
  assert.ok(asked instanceof AgentIdentity);
  assert.ok(!existsSync(own.at('identity')) && !existsSync(host.at('identity')));
  assert.ok(
    chooseIdentity({ decisions: `${own.path}/`, own: own.path, issuer: ISSUER }) instanceof LocalIdentity,
  );
  assert.ok(existsSync(own.at('identity', 'key.pem')));
});

test('a key that cannot be used is told with what to do about it', () => {
  using own = new TempDirectory();
  own.write('identity/key.pem', '', 0o644);
  const choose = () => chooseIdentity({ decisions: own.path, own: own.path, issuer: ISSUER });
  assert.throws(choose, { code: 'GUARD_IDENTITY_UNAVAILABLE', hint: /^move .* away/ });
  assert.throws(() => LocalIdentity.open(own.at('new'), { ...ISSUER, trustDomain: 'Not One' }), {
    code: 'GUARD_IDENTITY_UNAVAILABLE',
  });
});
