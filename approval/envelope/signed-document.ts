import * as z from 'zod';
import { canonicalJson, sha256Hex } from '../../inventory/index.ts';
import { ApprovalError, type ApprovalErrorCode } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { type Envelope, parseEnvelope, signEnvelope, type VerificationKey, verifyEnvelope } from './dsse.ts';

/** A kind of signed JSON: what tells it from every other kind. */
export interface DocumentForm<Content extends Parameters<typeof canonicalJson>[0]> {
  /** What it is called after `a` and `the`, such as `rule pack`. */
  readonly name: string;
  /** Signed with the content, so that one kind never passes for another. */
  readonly payloadType: string;
  /** Of the envelope's text. */
  readonly maxBytes: number;
  readonly schema: z.ZodType<Content>;
  /** Code of content that does not hold. */
  readonly invalid: ApprovalErrorCode;
  /** What is wrong with content that the schema takes; `null` where nothing is. */
  readonly faultIn?: (content: Content) => string | null;
  /** What to do where signatures are missing. */
  readonly hint?: string;
}

/** Content whose signatures hold. */
export interface OpenedDocument<Content> {
  readonly content: Content;
  /** SHA-256 of what was signed, lower-case hex. */
  readonly digest: string;
  /** Ids of the trusted keys that signed it. */
  readonly signers: readonly string[];
}

/** What is signed of a content: canonical JSON (RFC 8785). @throws {ApprovalError} the form's code */
export function encodeDocument<Content extends Parameters<typeof canonicalJson>[0]>(
  form: DocumentForm<Content>,
  value: unknown,
): Buffer {
  return Buffer.from(canonicalJson(checkContent(form, value)));
}

/** Signs a content. @throws {ApprovalError} the form's code, or where the signer cannot */
export async function signDocument<Content extends Parameters<typeof canonicalJson>[0]>(
  form: DocumentForm<Content>,
  value: unknown,
  signer: Signer,
): Promise<Envelope> {
  const envelope = await signEnvelope(encodeDocument(form, value), signer, form.payloadType);
  if (envelope.payload.length <= form.maxBytes) return envelope;
  throw new ApprovalError('APPROVAL_TOO_LARGE', `the ${form.name} is over ${form.maxBytes} bytes`);
}

/**
 * Opens a document that carries at least `needed` signatures of keys in `keys`. Content that could be written in a
 * second way is refused, since a digest has to stand for one meaning.
 * @throws {ApprovalError} where the envelope, a signature or the content does not hold
 */
export function openDocument<Content extends Parameters<typeof canonicalJson>[0]>(
  form: DocumentForm<Content>,
  text: string,
  keys: ReadonlyMap<string, VerificationKey>,
  needed: number,
): OpenedDocument<Content> {
  const envelope = parseEnvelope(text, form.maxBytes);
  const { payload, signers } = verifyEnvelope(envelope, keys, form.payloadType);
  if (signers.length < needed) {
    const message = `the ${form.name} carries ${signers.length} of ${needed} signatures`;
    const { hint } = form;
    throw new ApprovalError('APPROVAL_SIGNATURES_TOO_FEW', message, hint === undefined ? {} : { hint });
  }
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new ApprovalError(form.invalid, `the ${form.name} is not JSON`, { cause });
  }
  const content = checkContent(form, value);
  if (!Buffer.from(canonicalJson(content)).equals(payload)) throw invalid(form, 'it is not canonical JSON');
  return { content, digest: sha256Hex(payload), signers };
}

function checkContent<Content extends Parameters<typeof canonicalJson>[0]>(
  form: DocumentForm<Content>,
  value: unknown,
): Content {
  const parsed = form.schema.safeParse(value);
  if (!parsed.success) throw invalid(form, z.prettifyError(parsed.error));
  const fault = form.faultIn?.(parsed.data) ?? null;
  if (fault !== null) throw invalid(form, fault);
  return parsed.data;
}

function invalid({ name, invalid: code }: Pick<DocumentForm<never>, 'name' | 'invalid'>, fault: string) {
  return new ApprovalError(code, `not a ${name}: ${fault}`);
}
