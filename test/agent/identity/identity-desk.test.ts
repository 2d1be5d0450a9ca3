import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KnownServer } from '../../../agent/enrich/known-server.ts';
import { IdentityDesk } from '../../../agent/identity/identity-desk.ts';
import { type IdentityRequest, identityKeySet, readKeySet, verifyToken } from '../../../approval/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { AUDIENCE, identityServer } from './identity-sample.ts';

const ASKER = fileURLToPath(new URL('../../guard/identity/programs/ask-agent.ts', import.meta.url));
const ALICE = 54_321;
const BOB = 54_322;
const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root to be other users' };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An agent of root's with one server of alice's, and guards that ask it. */
class Agent implements Disposable {
  readonly state = new TempDirectory();
  readonly desk: IdentityDesk;
  servers: readonly KnownServer[] = [identityServer()];

  constructor() {
    chmodSync(this.state.path, 0o711);
    const user = (name: string, uid: number) => ({ name, uid, gid: uid, home: `/home/${name}` });
    this.desk = new IdentityDesk({
      stateDir: this.state.path,
      issuer: { trustDomain: 'example.org', host: 'h1' },
      stance: { profile: 'production' },
      users: [user('alice', ALICE), user('bob', BOB)],
      servers: () => this.servers,
      log: silent,
    });
  }

  /** What a guard of that user is answered. */
  async ask(uid: number, more: Partial<IdentityRequest> = {}, timeoutMs = 30_000) {
    const request: IdentityRequest = {
      id: '0123456789abcdef',
      client: 'claude-code',
      server: 'files',
      audience: AUDIENCE,
      closure: identityServer().discovered.server.closure.digest,
      profile: 'production',
      serial: 1,
      ...more,
    };
    const args = ['--experimental-strip-types', ASKER, this.state.path, `${uid}`, `${timeoutMs}`];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, JSON.stringify(request)]);
    const answer: { token?: string; code?: string; message?: string } = JSON.parse(stdout);
    return answer;
  }

  [Symbol.dispose](): void {
    this.desk.stop();
    this.state[Symbol.dispose]();
  }
}

test(
  'a guard of another user gets a token that the agent’s key signed, and never the key',
  asRoot,
  async () => {
    using agent = new Agent();
    agent.desk.start();
    const { token = '', message } = await agent.ask(ALICE);
    assert.equal(message, undefined);
    const keys = readKeySet(identityKeySet(agent.state.path)) ?? new Map();
    const verdict = verifyToken(token, { keys, audience: AUDIENCE, nowMs: Date.now() });
    assert.ok(verdict.valid);
    assert.equal(verdict.claims.sub, 'spiffe://example.org/host/h1/client/claude-code/server/files');
    assert.equal(verdict.claims.profile, 'production');
    assert.deepEqual(readdirSync(agent.state.at('identity-questions', String(ALICE))), []);
  },
);

test('another user’s guard gets no token for it', asRoot, async () => {
  using agent = new Agent();
  agent.desk.start();
  const { token, code, message } = await agent.ask(BOB, {}, 400);
  assert.equal(token, undefined);
  assert.equal(code, 'GUARD_IDENTITY_UNAVAILABLE');
  assert.match(message ?? '', /no such server of this user$/);
  assert.ok(!existsSync(agent.state.at('identity')), 'no key is made for nothing');
});

test('an approval that the agent sees a moment after the guard is waited for', asRoot, async () => {
  using agent = new Agent();
  const [server] = agent.servers;
  assert.ok(server);
  let looks = 0;
  Object.defineProperty(agent, 'servers', {
    get: () => (looks++ === 0 ? [] : [server]),
  });
  agent.desk.start();
  const { token } = await agent.ask(ALICE);
  assert.ok(token);
  assert.equal(looks, 2);
});

test('what was asked before the agent started is answered when it does', asRoot, async () => {
  using agent = new Agent();
  agent.desk.start();
  agent.desk.stop();
  const asked = agent.ask(ALICE);
  while (readdirSync(agent.state.at('identity-questions', String(ALICE))).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
  agent.desk.start();
  assert.ok((await asked).token);
});

test('where no agent answers the guard says so, and takes its question back', asRoot, async () => {
  using agent = new Agent();
  assert.match((await agent.ask(ALICE)).message ?? '', /answers no guards \(ENOENT\)$/);
  agent.desk.start();
  agent.desk.stop();
  assert.match((await agent.ask(ALICE, {}, 200)).message ?? '', /did not answer within 200 ms$/);
  assert.deepEqual(readdirSync(agent.state.at('identity-questions', String(ALICE))), []);
  assert.match((await agent.ask(54_323)).message ?? '', /cannot be asked \(ENOENT\)$/);
});

test('answers that others could have written are not taken', asRoot, async () => {
  using agent = new Agent();
  mkdirSync(agent.state.at('identity-answers'));
  chmodSync(agent.state.at('identity-answers'), 0o777);
  assert.match((await agent.ask(ALICE)).message ?? '', /others could have written/);
});
