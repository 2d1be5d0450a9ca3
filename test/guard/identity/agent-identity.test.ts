import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { signToken } from '../../../approval/identity/token.ts';
import type { IdentityRequest } from '../../../approval/identity/token-issuer.ts';
import { AgentIdentity } from '../../../guard/identity/agent-identity.ts';
import { NOW_MS, newKey, STATEMENT } from '../../approval/identity/token-key.ts';
import { TempDirectory } from '../../temp-directory.ts';

const UID = String(process.getuid?.());
const asRoot = { skip: UID === '0' ? false : 'needs root, whom a guard believes' };
const REQUEST: IdentityRequest = {
  id: '0123456789abcdef',
  client: 'cursor',
  server: 'files',
  audience: STATEMENT.audience,
  closure: STATEMENT.closure,
  profile: STATEMENT.profile,
  serial: STATEMENT.serial,
};

/** What a guard makes of an agent that gives this answer; and what it asked. */
async function answered(answer: string | ((place: TempDirectory, name: string) => void)) {
  using state = new TempDirectory();
  state.write(`identity-questions/${UID}/x`, '');
  state.write('identity-answers/x', '');
  const waiting = new AgentIdentity(state.path, 400).issue(REQUEST).catch((error: Error) => error.message);
  const name = readdirSync(state.at('identity-questions', UID)).find((found) => found !== 'x') ?? '';
  const question: unknown = JSON.parse(readlinkSync(state.at('identity-questions', UID, name)));
  if (typeof answer === 'string') state.write(`identity-answers/${name}`, answer);
  else answer(state, name);
  return { question, name, got: await waiting };
}

function token(more: Partial<typeof STATEMENT> = {}): string {
  return JSON.stringify({ v: 1, token: signToken({ ...STATEMENT, ...more }, newKey(), NOW_MS) });
}

test('a question says which server runs, under a name that nobody guesses', asRoot, async () => {
  const answer = token();
  const { question, name, got } = await answered(answer);
  const { id, audience, closure, serial } = REQUEST;
  assert.deepEqual(question, { v: 1, id, audience, closure, serial });
  assert.match(name, /^[0-9a-f]{32}$/);
  assert.equal(got, JSON.parse(answer).token);
});

test('a token for something else than was asked is not handed on', asRoot, async () => {
  for (const more of [{ audience: 'other' }, { closure: 'd'.repeat(64) }, { serial: 8 }])
    assert.match((await answered(token(more))).got, /not the token that was asked for$/);
});

test('an answer that is none is told as such', asRoot, async () => {
  for (const answer of [
    '',
    '{',
    '[]',
    '{"v":2,"token":"x"}',
    '{"v":1}',
    `{"v":1,"token":"${'x'.repeat(20_000)}"}`,
  ])
    assert.match((await answered(answer)).got, /answer cannot be read$/, answer.slice(0, 20));
  assert.match((await answered('{"v":1,"token":"x"}')).got, /not the token that was asked for$/);
  assert.match((await answered('{"v":1,"refused":"no"}')).got, /issues no identity: no$/);
});

test('a link in place of an answer is not followed', asRoot, async () => {
  const { got } = await answered((state, name) => {
    symlinkSync(state.write('elsewhere', token()), state.at('identity-answers', name));
  });
  assert.match(got, /did not answer within 400 ms$/);
});
