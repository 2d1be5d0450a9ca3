import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  addSignature,
  type Envelope,
  preAuthenticationEncoding,
  signEnvelope,
} from '../../approval/envelope/dsse.ts';
import { keyId } from '../../approval/keys/public-key.ts';
import type { Signer } from '../../approval/keys/signer.ts';
import type { TrustRoot } from '../../approval/keys/trust-roots.ts';
import { APPROVAL_PREDICATE, composeStatement, encodeStatement } from '../../approval/statement/statement.ts';
import { verifyApproval } from '../../approval/store/approval-files.ts';
import { examine } from '../../approval/verdict/judge.ts';
import { canonicalJson } from '../../inventory/index.ts';
import { haveProgram } from '../debian-package.ts';
import { TempDirectory } from '../temp-directory.ts';
import { candidate, grounds, NOW } from './candidate.ts';

const FILE = new URL('../golden/approval/vectors.json', import.meta.url);
/** PKCS#8 DER of an Ed25519 key up to its 32 bytes of seed (RFC 8410, section 7). */
const PKCS8_PREFIX = '302e020100300506032b657004220420';

interface Vector {
  readonly name: string;
  readonly envelope: Envelope;
  readonly situation: {
    readonly now: string;
    readonly profile: 'developer' | 'production';
    readonly threshold: number;
  };
  /** `approved`, or the code of what is refused. */
  readonly result: string;
}
interface Vectors {
  readonly about: string;
  /** Test keys: anyone may know them. */
  readonly keys: readonly {
    readonly seed: string;
    readonly id: string;
    readonly spki: string;
    readonly trusted: boolean;
  }[];
  readonly server: { readonly client: string; readonly user: string; readonly closure: string };
  readonly vectors: readonly Vector[];
}

function keyOf(seed: string) {
  const secret = createPrivateKey({
    key: Buffer.from(PKCS8_PREFIX + seed, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const key = createPublicKey(secret);
  const signer: Signer = { id: keyId(key), name: seed, sign: async (message) => sign(null, message, secret) };
  return { key, signer };
}
const SEEDS = ['11', '22', '33'].map((byte) => byte.repeat(32));

async function compose(): Promise<Vectors> {
  const [alice, bob, mallory] = SEEDS.map(keyOf);
  assert.ok(alice && bob && mallory);
  const decision = {
    owner: 'alice',
    approver: 'bob',
    reason: 'vector',
    issued: NOW.toISOString(),
    expires: '2026-09-01T00:00:00.000Z',
    serial: 1,
    contexts: { profiles: ['developer' as const], host_groups: null, users: ['alice'] },
    accepted: ['mcp_unpinned_package'],
    policy: null,
    anywhere: false,
  };
  const statement = composeStatement(APPROVAL_PREDICATE, candidate(), decision);
  const good = await signEnvelope(encodeStatement(statement), alice.signer);
  const resigned = async (change: object) =>
    signEnvelope(Buffer.from(canonicalJson({ ...statement, ...change } as never)), alice.signer);
  const [closure, config, script] = statement.subject;
  const here = { now: NOW.toISOString(), profile: 'developer' as const, threshold: 1 };
  const vector = (
    name: string,
    result: string,
    envelope: Envelope,
    situation: Partial<Vector['situation']> = {},
  ) => ({
    name,
    result,
    envelope,
    situation: { ...here, ...situation },
  });
  return {
    about: 'docs/approvals.md; the server is the same in all vectors',
    keys: SEEDS.map((seed, index) => {
      const { key, signer } = keyOf(seed);
      const spki = key.export({ type: 'spki', format: 'der' }).toString('base64');
      return { seed, id: signer.id, spki, trusted: index < 2 };
    }),
    server: { client: 'claude-code', user: 'alice', closure: closure?.digest.sha256 ?? '' },
    vectors: [
      vector('one signature', 'approved', good),
      vector('two signatures of two', 'approved', await addSignature(good, bob.signer), { threshold: 2 }),
      vector('one signature of two', 'APPROVAL_SIGNATURES_TOO_FEW', good, { threshold: 2 }),
      vector(
        'unknown signer',
        'APPROVAL_SIGNER_UNTRUSTED',
        await signEnvelope(encodeStatement(statement), mallory.signer),
      ),
      vector('no signature', 'APPROVAL_SIGNATURE_MISSING', { ...good, signatures: [] }),
      vector('signature of other content', 'APPROVAL_SIGNATURE_INVALID', {
        ...(await resigned({ subject: [closure, config] })),
        signatures: good.signatures,
      }),
      vector('other profile', 'APPROVAL_PROFILE_MISMATCH', good, { profile: 'production' }),
      vector('expired one second ago', 'APPROVAL_EXPIRED', good, { now: '2026-09-01T00:00:01.000Z' }),
      vector(
        'subjects out of order',
        'APPROVAL_SUBJECTS_UNSORTED',
        await resigned({ subject: [closure, script, config] }),
      ),
      vector(
        'subject twice',
        'APPROVAL_SUBJECT_DUPLICATE',
        await resigned({ subject: [closure, config, config, script] }),
      ),
      vector(
        'artefact left out',
        'APPROVAL_CLOSURE_INCONSISTENT',
        await resigned({ subject: [closure, config] }),
      ),
      vector(
        'not canonical',
        'APPROVAL_STATEMENT_NOT_CANONICAL',
        await signEnvelope(Buffer.from(`${encodeStatement(statement)} `), alice.signer),
      ),
    ],
  };
}

if (process.env['UPDATE_GOLDEN'] === '1') {
  mkdirSync(new URL('.', FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(await compose(), null, 1)}\n`);
}
const VECTORS: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));

test('the vectors are what is signed today', async () => {
  assert.deepEqual(VECTORS, await compose());
});

test('every vector gives its result', () => {
  const keys = new Map(
    VECTORS.keys
      .filter(({ trusted }) => trusted)
      .map(({ id, spki }): [string, TrustRoot] => {
        const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
        return [id, { id, key, name: id, path: '' }];
      }),
  );
  const trust = { keys, threshold: { developer: 1, production: 1 } };
  for (const { name, envelope, situation, result } of VECTORS.vectors) {
    const { now, profile, threshold } = situation;
    const stored = verifyApproval(() => envelope, { store: 'host', path: name }, trust);
    const fault =
      stored.kind === 'invalid'
        ? stored.error
        : examine(stored, candidate(), { ...grounds({ now: new Date(now), profile }), threshold });
    assert.equal(fault?.code ?? 'approved', result, name);
  }
});

test('OpenSSL agrees about every signature', (context) => {
  if (!haveProgram('openssl', 'openssl', 'version')) return context.skip('openssl cannot be installed here');
  using directory = new TempDirectory();
  for (const { id, spki } of VECTORS.keys)
    directory.write(`${id}.pem`, `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`);
  const verifies = (keyid: string, message: Buffer, sig: string) => {
    directory.write('message', message);
    directory.write('signature', Buffer.from(sig, 'base64'));
    const key = ['-pubin', '-inkey', directory.at(`${keyid}.pem`)];
    const files = ['-in', directory.at('message'), '-sigfile', directory.at('signature')];
    try {
      execFileSync('openssl', ['pkeyutl', '-verify', '-rawin', ...key, ...files], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  let checked = 0;
  for (const { envelope, result } of VECTORS.vectors) {
    const message = preAuthenticationEncoding(envelope.payloadType, Buffer.from(envelope.payload, 'base64'));
    for (const { keyid, sig } of envelope.signatures) {
      checked += 1;
      assert.equal(verifies(keyid, message, sig), result !== 'APPROVAL_SIGNATURE_INVALID');
    }
  }
  assert.equal(checked, VECTORS.vectors.length);
});
