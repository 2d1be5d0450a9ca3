import { type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { ApprovalError } from './errors.ts';
import type { TrustRoot } from './key.ts';

/** Bytes of one envelope file. A closure of 10,000 artefacts takes about 2 MB. */
export const MAX_ENVELOPE_BYTES = 8 * 1024 * 1024;
const MAX_SIGNATURES = 16;
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const envelopeSchema = z.strictObject({
  payloadType: z.string(),
  payload: base64,
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(128), sig: base64 }))
    .min(1)
    .max(MAX_SIGNATURES),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** DSSE's pre-authentication encoding (secure-systems-lab/dsse, protocol.md, "PAE"). */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/** Signs a payload with an Ed25519 key. */
export function signEnvelope(
  payload: Uint8Array,
  key: { readonly id: string; readonly secret: KeyObject },
): Envelope {
  const sig = sign(null, preAuthenticationEncoding(IN_TOTO_PAYLOAD_TYPE, payload), key.secret);
  return {
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: key.id, sig: sig.toString('base64') }],
  };
}

/** Parses the text of an envelope without believing it. @throws {ApprovalError} */
export function parseEnvelope(text: string): Envelope {
  if (text.length > MAX_ENVELOPE_BYTES) {
    throw new ApprovalError('APPROVAL_TOO_LARGE', `envelope is over ${MAX_ENVELOPE_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApprovalError('APPROVAL_NOT_JSON', 'envelope is not JSON', { cause });
  }
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) {
    throw new ApprovalError(
      'APPROVAL_ENVELOPE_INVALID',
      `not a DSSE envelope: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

/**
 * The payload of an envelope that carries at least one valid signature of a trusted key.
 * The `keyid` is a hint only, as DSSE asks: it selects which keys to try, never what to trust.
 * @throws {ApprovalError}
 */
export function verifyEnvelope(
  envelope: Envelope,
  roots: readonly TrustRoot[],
): { payload: Buffer; signer: string } {
  if (envelope.payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    throw new ApprovalError('APPROVAL_PAYLOAD_TYPE_WRONG', `payload type is ${envelope.payloadType}`);
  }
  const payload = Buffer.from(envelope.payload, 'base64');
  const message = preAuthenticationEncoding(envelope.payloadType, payload);
  let known = false;
  for (const signature of envelope.signatures) {
    const root = roots.find((candidate) => candidate.id === signature.keyid);
    if (root === undefined) continue;
    known = true;
    if (verify(null, message, root.key, Buffer.from(signature.sig, 'base64')))
      return { payload, signer: root.id };
  }
  if (known) throw new ApprovalError('APPROVAL_SIGNATURE_INVALID', 'the signature does not fit the content');
  throw new ApprovalError('APPROVAL_SIGNER_UNTRUSTED', 'no signature is by a key in the trust roots', {
    hint: 'approve it again, or add the signer’s public key to the trust roots',
  });
}
