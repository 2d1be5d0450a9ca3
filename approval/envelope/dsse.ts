import { type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';

/** Bytes of one envelope file. A closure of 10,000 artefacts takes about 2 MB. */
export const MAX_ENVELOPE_BYTES = 8 * 1024 * 1024;
const MAX_SIGNATURES = 16;
/** How files of envelopes are indented. */
const ENVELOPE_INDENT = 1;
/** Payload type of an in-toto statement (in-toto/attestation, spec/v1/envelope.md). */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Decoded and encoded again, which tells better than a pattern whether it is canonical. */
const base64 = z.string();
const visible = /^[\x21-\x7e]*$/;
export const envelopeSchema = z.strictObject({
  payloadType: z.string().max(128).regex(visible),
  payload: base64,
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(128).regex(visible), sig: base64.max(1_024) }))
    .max(MAX_SIGNATURES),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** A public key whose signatures count, as far as an envelope needs to know it. */
export interface VerificationKey {
  readonly id: string;
  readonly key: KeyObject;
}

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

/** Signs a payload. @throws {ApprovalError} where the signer cannot */
export async function signEnvelope(
  payload: Uint8Array,
  signer: Signer,
  payloadType: string = IN_TOTO_PAYLOAD_TYPE,
): Promise<Envelope> {
  const sig = await signer.sign(preAuthenticationEncoding(payloadType, payload));
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: signer.id, sig: sig.toString('base64') }],
  };
}

/** The same envelope with one more signature; a signature by the same key is replaced. @throws {ApprovalError} */
export async function addSignature(envelope: Envelope, signer: Signer): Promise<Envelope> {
  const more = await signEnvelope(Buffer.from(envelope.payload, 'base64'), signer, envelope.payloadType);
  const others = envelope.signatures.filter(({ keyid }) => keyid !== signer.id);
  return { ...envelope, signatures: [...others, ...more.signatures] };
}

/**
 * Parses the text of an envelope without believing it. Two readers must never see two things in one file: a
 * key twice, an escape where a plain character would do, and base64 with stray bits are refused.
 * @throws {ApprovalError}
 */
export function parseEnvelope(text: string, maxBytes: number = MAX_ENVELOPE_BYTES): Envelope {
  if (text.length > maxBytes) {
    throw new ApprovalError('APPROVAL_TOO_LARGE', `envelope is over ${maxBytes} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApprovalError('APPROVAL_NOT_JSON', 'envelope is not JSON', { cause });
  }
  const envelope = checkEnvelope(value);
  if (!isPlain(text, value)) {
    throw new ApprovalError('APPROVAL_ENVELOPE_INVALID', 'envelope has a key twice or needless escapes');
  }
  return envelope;
}

/** No text of an envelope has a blank in it, so without blanks there is one way to write it for each key order. */
function isPlain(text: string, value: unknown): boolean {
  const asWritten = `${JSON.stringify(value, null, ENVELOPE_INDENT)}\n`;
  return text === asWritten || text.replaceAll(/[ \t\r\n]/g, '') === JSON.stringify(value);
}

/** The text of an envelope as it is kept in a file. */
export function envelopeText(envelope: Envelope): string {
  return `${JSON.stringify(envelope, null, ENVELOPE_INDENT)}\n`;
}

/** An envelope that stands inside another JSON text. @throws {ApprovalError} */
export function checkEnvelope(value: unknown): Envelope {
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) {
    throw new ApprovalError(
      'APPROVAL_ENVELOPE_INVALID',
      `not a DSSE envelope: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { payload, signatures } = parsed.data;
  for (const encoded of [payload, ...signatures.map(({ sig }) => sig)]) {
    if (Buffer.from(encoded, 'base64').toString('base64') === encoded) continue;
    throw new ApprovalError('APPROVAL_ENVELOPE_INVALID', 'envelope has base64 that is not canonical');
  }
  return parsed.data;
}

/** What an envelope carries and which keys signed it. */
export interface VerifiedPayload {
  readonly payload: Buffer;
  /** Ids of the different keys whose signatures are valid; at least one. */
  readonly signers: readonly string[];
}

/**
 * The payload of an envelope that carries at least one valid signature of a known key. The `keyid` is a hint
 * only, as DSSE asks: it selects which key to try, never what to trust.
 * @throws {ApprovalError}
 */
export function verifyEnvelope(
  envelope: Envelope,
  keys: ReadonlyMap<string, VerificationKey>,
  payloadType: string = IN_TOTO_PAYLOAD_TYPE,
): VerifiedPayload {
  if (envelope.payloadType !== payloadType) {
    throw new ApprovalError('APPROVAL_PAYLOAD_TYPE_WRONG', `payload type is ${envelope.payloadType}`);
  }
  if (envelope.signatures.length === 0) {
    throw new ApprovalError('APPROVAL_SIGNATURE_MISSING', 'the envelope carries no signature');
  }
  const payload = Buffer.from(envelope.payload, 'base64');
  const message = preAuthenticationEncoding(envelope.payloadType, payload);
  const signers = new Set<string>();
  let known = false;
  for (const { keyid, sig } of envelope.signatures) {
    const trusted = keys.get(keyid);
    if (trusted === undefined) continue;
    known = true;
    if (!signers.has(keyid) && verify(null, message, trusted.key, Buffer.from(sig, 'base64')))
      signers.add(keyid);
  }
  if (signers.size > 0) return { payload, signers: [...signers] };
  if (known) throw new ApprovalError('APPROVAL_SIGNATURE_INVALID', 'the signature does not fit the content');
  throw new ApprovalError('APPROVAL_SIGNER_UNTRUSTED', 'no signature is by a key in the trust roots', {
    hint: 'approve it again, or add the signer’s public key to the trust roots',
  });
}
