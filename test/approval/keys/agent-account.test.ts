import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIn } from '../../../approval/keys/agent-account.ts';
import { TempDirectory } from '../../temp-directory.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';

for (const [what, line, uid] of [
  ['an account of a service', 'sealwatch:x:997:997::/var/lib/sealwatch:/usr/sbin/nologin', 997],
  ['no account', 'alice:x:1000:1000::/home/alice:/bin/bash', null],
  ['an account of a person, who made it without a package', 'sealwatch:x:1001:1001::/home/s:/bin/bash', null],
  ['root under another name', 'sealwatch:x:0:0::/root:/bin/bash', null],
  ['a line that is cut', 'sealwatch:x', null],
  ['a uid that is none', 'sealwatch:x:9e1:9:::', null],
  ['a name that only begins alike', 'sealwatch-sensor:x:996:996::/:/usr/sbin/nologin', null],
] as const) {
  test(`the account of the agent, where there is ${what}`, () => {
    using directory = new TempDirectory();
    assert.equal(accountIn(directory.write('passwd', `${ROOT}${line}\n`)), uid);
  });
}

test('a host without a file of accounts has none', () => {
  using directory = new TempDirectory();
  assert.equal(accountIn(directory.at('passwd')), null);
});
