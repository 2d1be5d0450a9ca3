import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  IN_TOTO_PAYLOAD_TYPE,
  MAX_ENVELOPE_BYTES,
  parseEnvelope,
  preAuthenticationEncoding,
  signEnvelope,
  verifyEnvelope,
} from '../../../approval/envelope/dsse.ts';
import { ApprovalError, type ApprovalErrorCode } from '../../../approval/errors.ts';
import { keyPair, refused, trusting } from './key-pair.ts';

const ours = keyPair('a'.repeat(64));
const theirs = keyPair('b'.repeat(64));
const PAYLOAD = Buffer.from('{"subject":"what was approved"}');
const SIGNED = await signEnvelope(PAYLOAD, ours.signer);

test('the pre-authentication encoding is that of the DSSE specification', () => {
  // secure-systems-lab/dsse, protocol.md, "Test Vectors".
  assert.equal(
    preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString(),
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
});

test('the lengths of the encoding count bytes, so that no content can be moved into the type', () => {
  assert.equal(preAuthenticationEncoding('é', Buffer.from('ü!')).toString(), 'DSSEv1 2 é 3 ü!');
});

test('a signed payload comes back with its signer', () => {
  const { payload, signers } = verifyEnvelope(
    parseEnvelope(JSON.stringify(SIGNED)),
    trusting(theirs.root, ours.root),
  );
  assert.deepEqual(payload, PAYLOAD);
  assert.deepEqual(signers, [ours.root.id]);
});

test('one valid signature among others is enough', async () => {
  const { signatures } = await signEnvelope(PAYLOAD, theirs.signer);
  const both = { ...SIGNED, signatures: [...signatures, ...SIGNED.signatures] };
  assert.equal(verifyEnvelope(both, trusting(ours.root)).signers.length, 1);
});

test('a key outside the trust roots is not believed', () => {
  assert.throws(() => verifyEnvelope(SIGNED, trusting(theirs.root)), refused('APPROVAL_SIGNER_UNTRUSTED'));
  assert.throws(() => verifyEnvelope(SIGNED, trusting()), refused('APPROVAL_SIGNER_UNTRUSTED'));
});

test('the id of a trusted key beside the signature of another is refused', async () => {
  const forged = await signEnvelope(PAYLOAD, { ...theirs.signer, id: ours.root.id });
  assert.throws(() => verifyEnvelope(forged, trusting(ours.root)), refused('APPROVAL_SIGNATURE_INVALID'));
});

test('changed content, and a signature of another length, are refused', () => {
  const payload = Buffer.from('{"subject":"something else"}').toString('base64');
  assert.throws(
    () => verifyEnvelope({ ...SIGNED, payload }, trusting(ours.root)),
    refused('APPROVAL_SIGNATURE_INVALID'),
  );
  for (const sig of ['', 'QQ==', Buffer.alloc(65).toString('base64')]) {
    const envelope = { ...SIGNED, signatures: [{ keyid: ours.root.id, sig }] };
    assert.throws(() => verifyEnvelope(envelope, trusting(ours.root)), refused('APPROVAL_SIGNATURE_INVALID'));
  }
});

test('another payload type is refused, whatever is signed', () => {
  const envelope = { ...SIGNED, payloadType: 'application/json' };
  assert.throws(() => verifyEnvelope(envelope, trusting(ours.root)), refused('APPROVAL_PAYLOAD_TYPE_WRONG'));
});

test('text that is no envelope is refused with the reason as code', () => {
  const text = JSON.stringify(SIGNED);
  const cases: readonly (readonly [string, ApprovalErrorCode])[] = [
    ['', 'APPROVAL_NOT_JSON'],
    [text.slice(0, -20), 'APPROVAL_NOT_JSON'],
    ['payload: yes', 'APPROVAL_NOT_JSON'],
    ['null', 'APPROVAL_ENVELOPE_INVALID'],
    ['[]', 'APPROVAL_ENVELOPE_INVALID'],
    ['{}', 'APPROVAL_ENVELOPE_INVALID'],
    [JSON.stringify({ ...SIGNED, note: 'x' }), 'APPROVAL_ENVELOPE_INVALID'],
    [JSON.stringify({ ...SIGNED, payload: 'not base64!' }), 'APPROVAL_ENVELOPE_INVALID'],
    [text.replace('"payload":', '"payload":"QQ==","payload":'), 'APPROVAL_ENVELOPE_INVALID'],
    [text.replace('payload', '\\u0070ayload'), 'APPROVAL_ENVELOPE_INVALID'],
    [JSON.stringify({ ...SIGNED, payload: 'QR==' }), 'APPROVAL_ENVELOPE_INVALID'],
    [
      JSON.stringify({ ...SIGNED, signatures: Array(17).fill(SIGNED.signatures[0]) }),
      'APPROVAL_ENVELOPE_INVALID',
    ],
    [' '.repeat(MAX_ENVELOPE_BYTES + 1), 'APPROVAL_TOO_LARGE'],
  ];
  for (const [input, code] of cases) assert.throws(() => parseEnvelope(input), refused(code), code);
});

test('no mutation of an envelope is accepted unless what was signed is the same byte for byte', () => {
  const text = JSON.stringify(SIGNED);
  const accepted = (mutated: string) => {
    try {
      const envelope = parseEnvelope(mutated);
      const { payload } = verifyEnvelope(envelope, trusting(ours.root));
      assert.equal(envelope.payloadType, IN_TOTO_PAYLOAD_TYPE);
      assert.deepEqual(payload, PAYLOAD);
    } catch (error) {
      assert.ok(error instanceof ApprovalError, String(error));
    }
  };
  const place = fc.nat(text.length);
  fc.assert(
    fc.property(place, fc.nat(8), fc.string({ maxLength: 8, unit: 'binary' }), (at, cut, put) =>
      accepted(text.slice(0, at) + put + text.slice(at + cut)),
    ),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(place, fc.nat(127), (at, code) =>
      accepted(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)),
    ),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ minLength: 64, maxLength: 64 }), (a, b) =>
      accepted(
        JSON.stringify({
          payloadType: IN_TOTO_PAYLOAD_TYPE,
          payload: Buffer.from(a).toString('base64'),
          signatures: [{ keyid: ours.root.id, sig: Buffer.from(b).toString('base64') }],
        }),
      ),
    ),
    { numRuns: 500 },
  );
});
