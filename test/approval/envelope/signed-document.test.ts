import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { addSignature, envelopeText, signEnvelope } from '../../../approval/envelope/dsse.ts';
import { type DocumentForm, openDocument, signDocument } from '../../../approval/envelope/signed-document.ts';
import { ApprovalError } from '../../../approval/errors.ts';
import { keyPair, refused, trusting } from './key-pair.ts';

const ours = keyPair('a'.repeat(64));
const theirs = keyPair('b'.repeat(64));
const LIST: DocumentForm<{ version: number; names: string[] }> = {
  name: 'list of names',
  payloadType: 'application/vnd.example.list+json',
  maxBytes: 4_096,
  schema: z.strictObject({ version: z.number(), names: z.array(z.string()) }),
  invalid: 'APPROVAL_BUNDLE_INVALID',
  faultIn: ({ names }) => (new Set(names).size === names.length ? null : 'a name is there twice'),
  hint: 'have it signed again',
};

const open = (text: string, needed = 1) => openDocument(LIST, text, trusting(ours.root, theirs.root), needed);
const signed = (payload: string, payloadType = LIST.payloadType) =>
  signEnvelope(Buffer.from(payload), ours.signer, payloadType).then(envelopeText);

test('what was signed comes back with its digest and its signers', async () => {
  const envelope = await signDocument(LIST, { version: 1, names: ['b', 'a'] }, ours.signer);
  const { content, digest, signers } = open(envelopeText(envelope));
  assert.deepEqual(content, { version: 1, names: ['b', 'a'] });
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(signers, [ours.root.id]);
});

test('the order in which members were given does not change the digest', async () => {
  const one = await signDocument(LIST, { version: 1, names: [] }, ours.signer);
  const other = await signDocument(LIST, { names: [], version: 1 }, theirs.signer);
  assert.equal(open(envelopeText(one)).digest, open(envelopeText(other)).digest);
});

test('as many signatures as asked for are enough, one less is refused with the hint', async () => {
  const once = await signDocument(LIST, { version: 1, names: [] }, ours.signer);
  const twice = await addSignature(once, theirs.signer);
  assert.equal(open(envelopeText(twice), 2).signers.length, 2);
  assert.throws(
    () => open(envelopeText(once), 2),
    (error) =>
      error instanceof ApprovalError &&
      error.code === 'APPROVAL_SIGNATURES_TOO_FEW' &&
      error.message === 'the list of names carries 1 of 2 signatures' &&
      error.hint === LIST.hint,
  );
});

const REFUSED = [
  ['no JSON', '{"version":1,'],
  ['a member that the form does not know', '{"names":[],"version":1,"more":1}'],
  ['members in another order', '{"version":1,"names":[]}'],
  ['a blank', '{"names":[], "version":1}'],
  ['what the schema takes and the form does not', '{"names":["a","a"],"version":1}'],
] as const;
for (const [what, payload] of REFUSED) {
  test(`signed content is refused where it is or has ${what}`, async () => {
    const text = await signed(payload);
    assert.throws(() => open(text), refused('APPROVAL_BUNDLE_INVALID'));
  });
}

test('a document of another kind is refused, whatever it says', async () => {
  const text = await signed('{"names":[],"version":1}', 'application/vnd.example.other+json');
  assert.throws(() => open(text), refused('APPROVAL_PAYLOAD_TYPE_WRONG'));
});

test('nothing is signed that would be refused later, be it wrong or too large', async () => {
  await assert.rejects(
    signDocument(LIST, { version: 1, names: ['a', 'a'] }, ours.signer),
    refused('APPROVAL_BUNDLE_INVALID'),
  );
  await assert.rejects(
    signDocument(LIST, { version: 1, names: ['a'.repeat(LIST.maxBytes)] }, ours.signer),
    refused('APPROVAL_TOO_LARGE'),
  );
});
