import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { IdentityRequest } from '../../../approval/identity/token-issuer.ts';
import { GuardError } from '../../../guard/errors.ts';
import { LocalIdentity } from '../../../guard/identity/local-identity.ts';
import { TokenFile } from '../../../guard/identity/token-file.ts';
import { partsOf } from '../../approval/identity/token-key.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { SetClocks } from './set-clocks.ts';

const REQUEST: IdentityRequest = {
  id: '0123456789abcdef',
  client: 'cursor',
  server: 'files',
  audience: 'https://api.example.org',
  closure: 'c'.repeat(64),
  profile: 'production',
  serial: 7,
};

/** A token file whose source counts what it issues and fails when told to. */
class Kept implements Disposable {
  readonly state = new TempDirectory();
  readonly clocks = new SetClocks();
  readonly failures: GuardError[] = [];
  request: IdentityRequest | null = REQUEST;
  fails = false;
  issued = 0;
  /** Called while a token is issued. */
  meanwhile: () => void = () => {};
  readonly #identity = LocalIdentity.open(
    this.state.path,
    { trustDomain: 'example.org', host: 'h1' },
    this.clocks.wallMs,
  );
  #file: TokenFile | null = null;

  async start(): Promise<TokenFile> {
    this.#file = await TokenFile.start({
      source: {
        issue: async (request) => {
          this.issued += 1;
          this.meanwhile();
          if (this.fails) throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', 'not now');
          return this.#identity.issue(request);
        },
      },
      request: () => this.request,
      place: { runtimeDir: undefined, stateDir: this.state.path },
      onFailure: (error) => this.failures.push(error),
      clocks: this.clocks,
    });
    return this.#file;
  }

  [Symbol.dispose](): void {
    this.#file?.remove();
    this.state[Symbol.dispose]();
  }

  get token(): string {
    return this.state.read('run', readdirSync(this.state.at('run'))[0] ?? '', 'token');
  }
}

test('the file holds a token for the server, and is its owner’s alone', async () => {
  using kept = new Kept();
  const file = await kept.start();
  const { claims } = partsOf(kept.token);
  assert.equal(claims.sub, 'spiffe://example.org/host/h1/client/cursor/server/files');
  assert.deepEqual([claims.aud, claims.closure, claims.serial], [[REQUEST.audience], REQUEST.closure, 7]);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(file.path)).mode & 0o777, 0o700);
});

test('a token is renewed at 60 % of its life, more or less, and not before', async () => {
  for (const [chance, dueMs] of [
    [0, 162_000],
    [0.5, 180_000],
    [1, 198_000],
  ] as const) {
    using kept = new Kept();
    kept.clocks.chance = chance;
    const file = await kept.start();
    const first = kept.token;
    kept.clocks.pass(dueMs - 1);
    await file.check();
    assert.equal(kept.token, first);
    kept.clocks.pass(1);
    await file.check();
    assert.equal(partsOf(kept.token).claims.iat, partsOf(first).claims.iat + dueMs / 1_000);
    assert.deepEqual(readdirSync(dirname(file.path)), ['token'], 'nothing else is left beside it');
  }
});

test('a wall clock that is set, or a host that slept, brings a new token at once', async () => {
  for (const jumpMs of [30_001, -30_001, 86_400_000]) {
    using kept = new Kept();
    const file = await kept.start();
    const { iat } = partsOf(kept.token).claims;
    kept.clocks.jump(jumpMs);
    await file.check();
    assert.equal(partsOf(kept.token).claims.iat, iat + Math.floor(jumpMs / 1_000));
    await file.check();
    assert.equal(kept.issued, 2, 'and only one');
  }
});

test('a small correction of the clock changes nothing', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.clocks.jump(30_000);
  await file.check();
  assert.equal(kept.issued, 1);
});

test('once the approval does not hold the token is taken away, and a new one comes when it holds again', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.request = null;
  await file.check();
  assert.ok(!existsSync(file.path));
  await file.check();
  assert.equal(kept.issued, 1);
  kept.request = { ...REQUEST, closure: 'd'.repeat(64), serial: 8 };
  await file.check();
  const { closure, serial } = partsOf(kept.token).claims;
  assert.deepEqual([closure, serial], ['d'.repeat(64), 8]);
});

test('a new approval brings a new token before the old one is due', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.request = { ...REQUEST, serial: 8 };
  await file.check();
  assert.equal(partsOf(kept.token).claims.serial, 8);
  await file.check();
  assert.equal(kept.issued, 2);
});

test('an approval that ends while a token is issued gets none', async () => {
  using kept = new Kept();
  const file = await kept.start();
  const first = kept.token;
  kept.clocks.pass(180_000);
  kept.meanwhile = () => {
    kept.request = null;
  };
  await file.check();
  assert.equal(kept.token, first);
  await file.check();
  assert.ok(!existsSync(file.path));
});

test('a token for what was approved before it was issued is not written', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.clocks.pass(180_000);
  kept.meanwhile = () => {
    kept.request = { ...REQUEST, serial: 8 };
  };
  await file.check();
  assert.equal(partsOf(kept.token).claims.serial, 7);
  await file.check();
  assert.equal(partsOf(kept.token).claims.serial, 8);
});

test('what cannot be renewed is tried again, later each time, and the old token stays meanwhile', async () => {
  using kept = new Kept();
  const file = await kept.start();
  const first = kept.token;
  kept.clocks.pass(180_000);
  kept.fails = true;
  const waitsMs = [0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000];
  for (const [index, waitMs] of waitsMs.entries()) {
    if (waitMs > 0) {
      kept.clocks.pass(waitMs - 1);
      await file.check();
      assert.equal(kept.failures.length, index, `not before ${waitMs} ms`);
      kept.clocks.pass(1);
    }
    await file.check();
    assert.equal(kept.failures.length, index + 1);
  }
  assert.equal(kept.token, first);
  kept.fails = false;
  kept.clocks.pass(60_000);
  await file.check();
  assert.notEqual(kept.token, first);
  assert.deepEqual([...new Set(kept.failures.map(({ code }) => code))], ['GUARD_IDENTITY_UNAVAILABLE']);
});

test('looks that come together ask once', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.clocks.pass(180_000);
  await Promise.all([file.check(), file.check(), file.check()]);
  assert.equal(kept.issued, 2);
});

test('a directory that was cleared away is made again', async () => {
  using kept = new Kept();
  const file = await kept.start();
  rmSync(dirname(file.path), { recursive: true });
  kept.clocks.pass(180_000);
  await file.check();
  assert.equal(statSync(dirname(file.path)).mode & 0o777, 0o700);
  assert.equal(partsOf(kept.token).claims.serial, 7);
});

test('a file that cannot be written is a failure, not the end', async () => {
  using kept = new Kept();
  const file = await kept.start();
  rmSync(dirname(file.path), { recursive: true });
  kept.state.write(`run/${file.path.split('/').at(-2)}`, 'in the way');
  kept.clocks.pass(180_000);
  await file.check();
  assert.match(kept.failures[0]?.message ?? '', /token cannot be kept: /);
});

test('at the end file and directory are gone, and a renewal under way brings nothing back', async () => {
  using kept = new Kept();
  const file = await kept.start();
  kept.clocks.pass(180_000);
  kept.meanwhile = () => file.remove();
  await file.check();
  assert.deepEqual(readdirSync(kept.state.at('run')), []);
  await file.check();
  file.remove();
  assert.equal(kept.issued, 2);
  assert.deepEqual(kept.failures, []);
});

test('what is not approved, or has no first token, leaves nothing behind', async () => {
  using kept = new Kept();
  kept.fails = true;
  await assert.rejects(kept.start(), { code: 'GUARD_IDENTITY_UNAVAILABLE' });
  kept.fails = false;
  kept.request = null;
  await assert.rejects(kept.start(), { code: 'GUARD_IDENTITY_UNAVAILABLE' });
  assert.deepEqual(readdirSync(kept.state.at('run')), []);
});
