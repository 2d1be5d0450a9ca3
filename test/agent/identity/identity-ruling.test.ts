import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleOnIdentity } from '../../../agent/identity/identity-ruling.ts';
import { AUDIENCE, identityServer, questionAbout } from './identity-sample.ts';

const SERVER = identityServer();
const ALICE = new Set(['alice']);

function refusal(...asked: Parameters<typeof ruleOnIdentity>): string | null {
  const ruling = ruleOnIdentity(...asked);
  return 'refused' in ruling ? ruling.refused : null;
}

test('a token says what the agent itself knows of the server', () => {
  assert.deepEqual(ruleOnIdentity(questionAbout(SERVER), ALICE, [SERVER]), {
    id: '0123456789abcdef',
    client: 'claude-code',
    server: 'files',
    audience: AUDIENCE,
    closure: SERVER.discovered.server.closure.digest,
    serial: 1,
  });
});

test('another user’s server and one that is not there are refused alike', () => {
  const question = questionAbout(SERVER);
  const reasons = [
    refusal(question, new Set(['bob', '']), [SERVER]),
    refusal(question, new Set(), [SERVER]),
    refusal(question, ALICE, []),
    refusal({ ...question, id: 'f'.repeat(16) }, ALICE, [SERVER]),
  ];
  assert.deepEqual([...new Set(reasons)], ['no such server of this user']);
});

test('a server that is not approved gets none', () => {
  for (const state of ['pending', 'drifted', 'expired', 'revoked', 'invalid'] as const) {
    const server = { ...SERVER, verdict: { ...SERVER.verdict, state } };
    assert.equal(refusal(questionAbout(SERVER), ALICE, [server]), `the server is ${state}`);
  }
});

test('a closure or approval that the agent does not see gets none', () => {
  const other = 'another closure or approval counts';
  assert.equal(refusal(questionAbout(SERVER, { closure: 'c'.repeat(64) }), ALICE, [SERVER]), other);
  assert.equal(refusal(questionAbout(SERVER, { serial: 2 }), ALICE, [SERVER]), other);
});

test('an audience that the policy does not name gets none', () => {
  const none = 'its policy names no such audience';
  assert.equal(refusal(questionAbout(SERVER, { audience: 'https://other' }), ALICE, [SERVER]), none);
  assert.equal(refusal(questionAbout(SERVER), ALICE, [identityServer({}, null)]), none);
});
