import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { CredentialFiles } from '../../../agent/enrolment/credential-files.ts';
import { readTokenFile } from '../../../agent/enrolment/token-file.ts';
import { AgentError, type AgentErrorCode } from '../../../agent/errors.ts';
import { TempDirectory } from '../../temp-directory.ts';

function coded(code: AgentErrorCode, word: RegExp) {
  return (error: unknown) => error instanceof AgentError && error.code === code && word.test(error.message);
}

test('a token is read without the space around it; one that is not there yet, or empty, is none', async () => {
  using directory = new TempDirectory();
  assert.equal(await readTokenFile(directory.write('token', '  swenrol_x\n', 0o600)), 'swenrol_x');
  assert.equal(await readTokenFile(directory.write('empty', '\n')), null);
  assert.equal(await readTokenFile(directory.at('none')), null);
});

test('a token that others may write is refused, and so is one in a directory of theirs', async () => {
  using directory = new TempDirectory();
  const path = directory.write('open', 'swenrol_x', 0o620);
  await assert.rejects(readTokenFile(path), coded('AGENT_TOKEN_EXPOSED', /open could/));
  const below = directory.write('etc/token', 'swenrol_x', 0o600);
  chmodSync(directory.at('etc'), 0o777);
  await assert.rejects(readTokenFile(below), coded('AGENT_TOKEN_EXPOSED', /etc could/));
  chmodSync(directory.at('etc'), 0o755);
  assert.equal(await readTokenFile(below), 'swenrol_x');
});

test('credentials that others may write are not used', async () => {
  using directory = new TempDirectory();
  const files = new CredentialFiles(directory.path, { env: {} });
  await files.keeper('a');
  const authority = directory.write('enrolment/ca.pem', 'whom to believe', 0o666);
  await assert.rejects(files.keeper('a'), coded('AGENT_CREDENTIALS_EXPOSED', /ca\.pem could/));
  chmodSync(authority, 0o600);
  await files.keeper('a');
  chmodSync(directory.at('enrolment'), 0o770);
  await assert.rejects(files.keeper('a'), coded('AGENT_CREDENTIALS_EXPOSED', /enrolment could/));
});
