import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { identityKeySet } from '../../../approval/identity/identity-key.ts';
import { readKeySet } from '../../../approval/identity/key-set.ts';
import { verifyToken } from '../../../approval/identity/token.ts';
import { normalisePolicy, type Policy } from '../../../approval/policy/policy.ts';
import {
  type Approved,
  approvedOf,
  type EnvironmentOptions,
  type ServerEnvironment,
  serverEnvironment,
} from '../../../guard/environment/server-environment.ts';
import { LocalIdentity } from '../../../guard/identity/local-identity.ts';
import type { Standing } from '../../../guard/sight/server-sight.ts';
import { artefact, candidate, Decisions } from '../../approval/candidate.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { SetClocks } from '../identity/set-clocks.ts';

const READER = fileURLToPath(new URL('../identity/programs/token-reader.ts', import.meta.url));
const VALUE = 's3cret-v4lue';
const AUDIENCE = 'https://api.example.org';
const IDENTITY = { audience: AUDIENCE, variable: 'SEALWATCH_IDENTITY_TOKEN_FILE' };

const NO_LIMITS: Policy = {
  tools: null,
  executables: null,
  shells: true,
  destinations: null,
  writable_paths: null,
};
const WATCH = { files: [], trees: [] };

/** A server with its approval, and a state directory. */
class Launch implements Disposable {
  readonly state = new TempDirectory();
  readonly clocks = new SetClocks();
  approved: Approved | null;
  #environment: ServerEnvironment | null = null;

  constructor(policy: Approved['policy']) {
    this.approved = {
      id: '0123456789abcdef',
      client: 'cursor',
      server: 'files',
      closure: 'c'.repeat(64),
      serial: 7,
      policy,
    };
  }

  async environment(told: Partial<EnvironmentOptions> = {}): Promise<ServerEnvironment> {
    const issuer = { trustDomain: 'example.org', host: 'h1' };
    this.#environment = await serverEnvironment({
      inherited: { PATH: process.env['PATH'], API_KEY: 'inherited', EDITOR: 'vi', LD_PRELOAD: '/x.so' },
      entryNames: [],
      approved: () => this.approved,
      profile: 'production',
      identity: () => LocalIdentity.open(this.state.path, issuer, this.clocks.wallMs),
      place: { runtimeDir: undefined, stateDir: this.state.path },
      onFailure: (error) => assert.fail(error),
      clocks: this.clocks,
      ...told,
    });
    return this.#environment;
  }

  [Symbol.dispose](): void {
    this.#environment?.close();
    this.state[Symbol.dispose]();
  }
}

test('a server gets what its entry and policy name, what a command prints, and where its token lies', async () => {
  using launch = new Launch({
    environment: ['EDITOR'],
    secrets: [{ name: 'API_KEY', command: ['/bin/echo', VALUE] }],
    identity: IDENTITY,
  });
  const { env, dropped } = await launch.environment({ entryNames: ['LD_PRELOAD'] });
  const { [IDENTITY.variable]: tokenFile = '', ...rest } = env;
  assert.deepEqual(rest, { PATH: process.env['PATH'], EDITOR: 'vi', LD_PRELOAD: '/x.so', API_KEY: VALUE });
  assert.deepEqual(dropped, []);
  assert.ok(existsSync(tokenFile));
});

test('a server without a policy gets base names and those of its entry; no key is made', async () => {
  for (const policy of [null, {}]) {
    using launch = new Launch(policy);
    const { env, dropped } = await launch.environment({ entryNames: ['API_KEY'] });
    assert.deepEqual(env, { PATH: process.env['PATH'], API_KEY: 'inherited' });
    assert.deepEqual(dropped, [
      { name: 'EDITOR', why: 'not approved' },
      { name: 'LD_PRELOAD', why: 'loader' },
    ]);
    assert.deepEqual(readdirSync(launch.state.path), []);
  }
});

test('what is not approved gets no secret and no identity, and starts open in developer only', async () => {
  using launch = new Launch(null);
  launch.approved = null;
  assert.deepEqual(Object.keys((await launch.environment()).env), ['PATH']);
  const { env } = await launch.environment({ profile: 'developer' });
  assert.deepEqual(Object.keys(env), ['PATH', 'API_KEY', 'EDITOR']);
});

test('a real server reads a good token before and after it is renewed, and none once it is not approved', async () => {
  using launch = new Launch({ identity: IDENTITY });
  const { env, judgedAnew, close } = await launch.environment();
  const child = spawn(process.execPath, ['--experimental-strip-types', READER], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    child.stdin.write(`${IDENTITY.variable}\n`);
    const { value } = await lines.next();
    return String(value);
  };
  try {
    const keys = readKeySet(identityKeySet(launch.state.path)) ?? new Map();
    const verdict = (token: string) =>
      verifyToken(token, { keys, audience: AUDIENCE, nowMs: launch.clocks.wallMs() });
    const first = await read();
    assert.ok(verdict(first).valid);
    launch.clocks.pass(400_000);
    assert.equal(await read(), first);
    assert.deepEqual(verdict(first), { valid: false, fault: 'expired' });
    await judgedAnew();
    const second = await read();
    assert.notEqual(second, first);
    assert.ok(verdict(second).valid);
    launch.approved = null;
    await judgedAnew();
    assert.equal(await read(), '');
  } finally {
    child.stdin.end();
    close();
  }
});

test('at the end the token is gone, also when it is told twice', async () => {
  using launch = new Launch({ identity: IDENTITY });
  const { env, close } = await launch.environment();
  close();
  close();
  assert.ok(!existsSync(env[IDENTITY.variable] ?? ''));
  assert.deepEqual(readdirSync(launch.state.at('run')), []);
});

test('a secret that cannot be had stops the start before there is a token', async () => {
  using launch = new Launch({
    secrets: [{ name: 'API_KEY', command: ['/bin/sh', '-c', `echo ${VALUE}; exit 1`] }],
    identity: IDENTITY,
  });
  const complaints: string[] = [];
  await assert.rejects(
    launch.environment({ fetching: { onComplaint: (name, line) => complaints.push(name, line) } }),
    (error) => {
      assert.ok(!inspect(error, { depth: 9 }).includes(VALUE));
      return error instanceof Error && 'code' in error && error.code === 'GUARD_SECRET_UNAVAILABLE';
    },
  );
  assert.deepEqual(complaints, []);
  assert.deepEqual(readdirSync(launch.state.path), []);
});

test('a key that cannot be opened stops the start', async () => {
  using launch = new Launch({ identity: IDENTITY });
  launch.state.write('identity', 'in the way');
  await assert.rejects(launch.environment(), { code: 'GUARD_IDENTITY_UNAVAILABLE' });
});

test('a start that is called off runs no command to its end and leaves nothing', async () => {
  using launch = new Launch({
    secrets: [{ name: 'API_KEY', command: ['/bin/sleep', '600'] }],
    identity: IDENTITY,
  });
  const signal = AbortSignal.abort(new Error('the client is gone'));
  await assert.rejects(launch.environment({ fetching: { signal } }), /the client is gone/);
  assert.deepEqual(readdirSync(launch.state.path), []);
});

test('one variable cannot be a secret and the token’s file', async () => {
  using launch = new Launch({
    secrets: [{ name: IDENTITY.variable, file: '/etc/hostname' }],
    identity: IDENTITY,
  });
  await assert.rejects(launch.environment(), { code: 'GUARD_IDENTITY_UNAVAILABLE' });
});

test('only an approval that holds gives anything', async () => {
  using state = new TempDirectory();
  const decisions = new Decisions(state.path);
  const policy = { ...NO_LIMITS, identity: IDENTITY };
  const server = candidate({ name: 'files' });
  assert.equal(approvedOf(standing(decisions, server)), null, 'pending');
  await decisions.approve(server, { policy });
  assert.deepEqual(approvedOf(standing(decisions, server)), {
    id: server.id,
    client: server.client,
    server: 'files',
    closure: server.closure.digest,
    serial: 1,
    policy: normalisePolicy(policy),
  });
  const [config] = server.closure.artefacts;
  assert.ok(config);
  const changed = candidate({ name: 'files' }, [config, artefact('script', '~/srv/index.js', 'evil()')]);
  assert.equal(decisions.judge(changed).statement?.predicate.policy?.identity?.audience, AUDIENCE);
  assert.equal(approvedOf(standing(decisions, changed)), null, 'drifted');
  await decisions.revoke(server);
  assert.equal(approvedOf(standing(decisions, server)), null, 'revoked');
  assert.equal(approvedOf({ kind: 'unknown', watch: WATCH }), null);
});

function standing(decisions: Decisions, server: ReturnType<typeof candidate>): Standing {
  const anchors = { home: [], project: [] };
  const none = { launch: null, env: {}, entry: '', guard: null, written: null };
  const discovered = { server, anchors, ...none };
  return {
    kind: 'known',
    discovered,
    verdict: decisions.judge(server),
    fleet: { kind: 'none' },
    watch: WATCH,
  };
}
