import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { trustKey } from '../../../approval/keys/key-choice.ts';
import { createKey } from '../../../approval/keys/key-files.ts';
import { loadTrust } from '../../../approval/keys/trust-roots.ts';
import { openFleetBundle } from '../../../approval/store/fleet-bundle.ts';
import { Marks } from '../../../approval/store/marks.ts';
import {
  composePolicyBundle,
  installPolicyBundle,
  policyBundlePath,
  readPolicyBundle,
} from '../../../approval/store/policy-bundle.ts';
import { TempDirectory } from '../../temp-directory.ts';

const ISSUED = new Date('2026-11-28T12:00:00Z');

/** A state directory with a trusted key. */
class Place extends TempDirectory {
  readonly state = this.at('state');
  readonly key = createKey(this.state, 'approver');

  constructor() {
    super();
    trustKey({ stateDir: this.state, systemDirectory: null }, this.key);
  }

  get by() {
    const trust = loadTrust({ stateDir: this.state, systemDirectory: null, profile: 'developer' });
    return { trust, profile: 'developer', marks: new Marks(this.state) } as const;
  }

  async bundle(version: number, policy = 'shells: true'): Promise<string> {
    return JSON.stringify(await composePolicyBundle(policy, { version, issued: ISSUED }, this.key.signer));
  }

  async install(text: string): Promise<number> {
    return await installPolicyBundle(text, this.state, this.by);
  }

  get held() {
    return readPolicyBundle(this.state, this.by);
  }
}

test('what gives a server something cannot stand in a policy for the fleet', async () => {
  using place = new Place();
  for (const giving of [
    'environment: [TOKEN]',
    'secrets: [{ name: TOKEN, file: /etc/token }]',
    'headers: [{ name: X, file: /etc/token }]',
    'identity: { audience: a, variable: TOKEN }',
  ])
    await assert.rejects(place.bundle(1, `shells: true\n${giving}`), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'APPROVAL_POLICY_INVALID');
      assert.match(error.message, /^policy:2:\d+: /);
      assert.match(String(Reflect.get(error, 'hint')), /docs\/policy\.md/);
      return true;
    });
});

test('Cedar that does not validate is refused with its place', async () => {
  using place = new Place();
  await assert.rejects(place.bundle(1, 'cedar: |\n  permit(principal, action, resouce);\n'), {
    code: 'APPROVAL_CEDAR_INVALID',
    message: /^policy:1:\d+: cedar, line 1, column \d+: /,
  });
});

test('an installed policy is read as it was signed; an older one does not come back', async () => {
  using place = new Place();
  const before = place.held;
  assert.equal(before.kind, 'none');
  const first = await place.bundle(1);
  await place.install(first);
  await place.install(await place.bundle(2, 'shells: false'));
  const read = place.held;
  assert.ok(read.kind === 'signed');
  assert.equal(read.policy, 'shells: false');
  await assert.rejects(place.install(first), { code: 'APPROVAL_BUNDLE_ROLLED_BACK' });
  writeFileSync(policyBundlePath(place.state), first);
  const put = place.held;
  assert.ok(put.kind === 'unusable' && put.fault.code === 'APPROVAL_BUNDLE_ROLLED_BACK');
});

test('a policy that is gone, cut or forged allows nothing, as long as one was installed', async () => {
  using place = new Place();
  using elsewhere = new Place();
  const text = await place.bundle(1);
  await place.install(text);
  const path = policyBundlePath(place.state);
  const faults: string[] = [];
  for (const spoil of [
    () => rmSync(path),
    () => writeFileSync(path, text.slice(0, -10)),
    async () => writeFileSync(path, await elsewhere.bundle(9)),
  ]) {
    await spoil();
    const read = place.held;
    assert.ok(read.kind === 'unusable');
    faults.push(read.fault.code);
  }
  assert.deepEqual(faults, ['APPROVAL_BUNDLE_ROLLED_BACK', 'APPROVAL_NOT_JSON', 'APPROVAL_SIGNER_UNTRUSTED']);
  await place.install(text);
  assert.equal(place.held.kind, 'signed');
});

test('a fleet bundle of a policy is opened with its content, by as many signatures as are asked for', async () => {
  using place = new Place();
  const text = await place.bundle(3);
  const { trust } = place.by;
  assert.equal((await openFleetBundle('policy', text, trust, 'production')).version, 3);
  const strict = { ...trust, threshold: { developer: 1, production: 2 } };
  await assert.rejects(openFleetBundle('policy', text, strict, 'production'), {
    code: 'APPROVAL_SIGNATURES_TOO_FEW',
  });
});
