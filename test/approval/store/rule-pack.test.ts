import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSignature, parseEnvelope, signEnvelope } from '../../../approval/envelope/dsse.ts';
import { ApprovalError, type ApprovalErrorCode } from '../../../approval/errors.ts';
import { createKey } from '../../../approval/keys/key-files.ts';
import { composeRulePack, openRulePack } from '../../../approval/store/rule-pack.ts';
import { canonicalJson, sha256Hex } from '../../../inventory/index.ts';
import { signedPack, trustedKey, trustOf } from '../../agent/rules/samples.ts';
import { TempDirectory } from '../../temp-directory.ts';

const TYPE = 'application/vnd.sealwatch.rule-pack+json';
const FILE = { path: 'a.yml', sha256: sha256Hex('x'), text: 'x' };
const PAYLOAD = { name: 'fleet', version: 1, created: '2026-11-28T00:00:00.000Z', files: [FILE] };

const code = (wanted: ApprovalErrorCode) => (error: unknown) =>
  error instanceof ApprovalError && error.code === wanted;

test('a pack holds the files that were signed, sorted by path, and names its signers', async () => {
  using state = new TempDirectory();
  const key = trustedKey(state.path);
  const text = await signedPack(key, 7, { 'b.yml': 'bé', 'a/c.yaml': 'c' });
  const pack = openRulePack(text, trustOf(state.path), 'developer');
  assert.deepEqual(
    [pack.name, pack.version, pack.files, pack.signers],
    [
      'fleet',
      7,
      [
        { path: 'a/c.yaml', text: 'c' },
        { path: 'b.yml', text: 'bé' },
      ],
      [key.signer.id],
    ],
  );
  const again = openRulePack(
    await signedPack(key, 7, { 'a/c.yaml': 'c', 'b.yml': 'bé' }),
    trustOf(state.path),
    'developer',
  );
  assert.equal(again.digest, pack.digest);
});

test('a pack that was changed, or signed by a stranger or by nobody, is refused', async () => {
  using state = new TempDirectory();
  using elsewhere = new TempDirectory();
  const key = trustedKey(state.path);
  const envelope = parseEnvelope(await signedPack(key, 1, { 'a.yml': 'x' }));
  const open = (value: unknown) => openRulePack(JSON.stringify(value), trustOf(state.path), 'developer');
  assert.equal(open(envelope).version, 1);
  const forged = Buffer.from(envelope.payload, 'base64').toString().replace('"version":1', '"version":2');
  assert.throws(
    () => open({ ...envelope, payload: Buffer.from(forged).toString('base64') }),
    code('APPROVAL_SIGNATURE_INVALID'),
  );
  assert.throws(() => open({ ...envelope, signatures: [] }), code('APPROVAL_SIGNATURE_MISSING'));
  const stranger = createKey(elsewhere.path, 'stranger');
  const strange = JSON.parse(await signedPack(stranger, 1, { 'a.yml': 'x' }));
  assert.throws(() => open(strange), code('APPROVAL_SIGNER_UNTRUSTED'));
});

test('as many approvers must have signed as the profile asks for', async () => {
  using state = new TempDirectory();
  const one = trustedKey(state.path, 'one');
  const two = trustedKey(state.path, 'two');
  state.write('trust/policy.json', { threshold: { developer: 1, production: 2 } });
  const envelope = parseEnvelope(await signedPack(one, 1, { 'a.yml': 'x' }));
  const open = (value: object) => openRulePack(JSON.stringify(value), trustOf(state.path), 'production');
  assert.throws(() => open(envelope), code('APPROVAL_SIGNATURES_TOO_FEW'));
  const both = await addSignature(envelope, two.signer);
  assert.equal(open(both).signers.length, 2);
  const twice = { ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] };
  assert.throws(() => open(twice), code('APPROVAL_SIGNATURES_TOO_FEW'));
});

test('what was signed but is no pack is refused', async () => {
  using state = new TempDirectory();
  const key = trustedKey(state.path);
  const refuse = async (payload: string, wanted: ApprovalErrorCode, type = TYPE) => {
    const text = JSON.stringify(await signEnvelope(Buffer.from(payload), key.signer, type));
    assert.throws(() => openRulePack(text, trustOf(state.path), 'developer'), code(wanted), payload);
  };
  const changed = (more: object) => canonicalJson({ ...PAYLOAD, ...more } as typeof PAYLOAD);
  await refuse(changed({}), 'APPROVAL_PAYLOAD_TYPE_WRONG', 'application/vnd.sealwatch.approvals+json');
  await refuse('{', 'APPROVAL_RULE_PACK_INVALID');
  await refuse(`${changed({})} `, 'APPROVAL_RULE_PACK_INVALID');
  for (const more of [
    { version: 0 },
    { version: 1.5 },
    { name: 'No Spaces' },
    { created: 'yesterday' },
    { files: [] },
    { extra: 1 },
    { files: [{ ...FILE, sha256: sha256Hex('y') }] },
    { files: [FILE, FILE] },
    { files: [{ ...FILE, path: 'b.yml' }, FILE] },
    ...['../a.yml', '/a.yml', 'a/../b.yml', 'a//b.yml', './a.yml', 'a.json', '.a.yml', 'a\\b.yml', ''].map(
      (path) => ({
        files: [{ ...FILE, path }],
      }),
    ),
  ])
    await refuse(changed(more), 'APPROVAL_RULE_PACK_INVALID');
});

test('nothing is signed that could not be opened', async () => {
  using state = new TempDirectory();
  const { signer } = trustedKey(state.path);
  const about = { name: 'fleet', version: 1, created: new Date() };
  for (const [files, more] of [
    [[{ path: '../a.yml', text: 'x' }], {}],
    [
      [
        { path: 'a.yml', text: 'x' },
        { path: 'a.yml', text: 'y' },
      ],
      {},
    ],
    [[{ path: 'a.yml', text: 'x'.repeat(1_048_577) }], {}],
    [[{ path: 'a.yml', text: 'x' }], { name: 'X' }],
    [[{ path: 'a.yml', text: 'x' }], { version: -1 }],
  ] as const)
    await assert.rejects(
      composeRulePack(files, { ...about, ...more }, signer),
      code('APPROVAL_RULE_PACK_INVALID'),
    );
});
