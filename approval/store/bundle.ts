import { join } from 'node:path';
import * as z from 'zod';
import { limits } from '../../wire/index.ts';
import { checkEnvelope, type Envelope, envelopeSchema } from '../envelope/dsse.ts';
import {
  type DocumentForm,
  encodeDocument,
  openDocument,
  signDocument,
} from '../envelope/signed-document.ts';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { type StoredApproval, verifyApproval } from './approval-files.ts';
import { readBounded } from './bounded-file.ts';
import { writeDurably } from './durable-file.ts';
import type { Marks } from './marks.ts';
import { type Validity, validityShape } from './validity.ts';

export const BUNDLE_PAYLOAD_TYPE = 'application/vnd.sealwatch.approvals+json';
const MAX_APPROVALS = 10_000;

const bundleSchema = z.strictObject({
  /** Rises with every bundle; a host never goes back to a lower one. */
  version: z.number().int().positive(),
  issued: z.iso.datetime(),
  ...validityShape,
  approvals: z.array(envelopeSchema).max(MAX_APPROVALS),
});
export type Bundle = z.infer<typeof bundleSchema>;

const APPROVALS: DocumentForm<Bundle> = {
  name: 'bundle of approvals',
  payloadType: BUNDLE_PAYLOAD_TYPE,
  maxBytes: limits.MAX_BUNDLE_BYTES,
  schema: bundleSchema,
  invalid: 'APPROVAL_BUNDLE_INVALID',
};

/** Where the bundle of a state directory lies. */
export function bundlePath(stateDir: string): string {
  return join(stateDir, 'bundle', 'approvals.dsse.json');
}

/**
 * Signs a set of approvals as one: who holds the bundle can neither leave one out nor put an older set in its
 * place. Each approval keeps its own signatures, which still have to be enough.
 * @throws {ApprovalError}
 */
export async function composeBundle(
  approvals: readonly Envelope[],
  version: number,
  issued: Date,
  signer: Signer,
  validity: Validity = {},
): Promise<Envelope> {
  return signDocument(APPROVALS, contentOf(approvals, version, issued, validity), signer);
}

/** What is signed of a set of approvals: canonical JSON (RFC 8785). @throws {ApprovalError} */
export function encodeBundle(
  approvals: readonly Envelope[],
  version: number,
  issued: Date,
  validity: Validity = {},
): Buffer {
  return encodeDocument(APPROVALS, contentOf(approvals, version, issued, validity));
}

function contentOf(approvals: readonly Envelope[], version: number, issued: Date, validity: Validity) {
  return { version, issued: issued.toISOString(), ...validity, approvals };
}

/** Checks a bundle and puts it into the state directory. @throws {ApprovalError} also where it is an older one */
export function installBundle(text: string, stateDir: string, trust: Trust, marks: Marks): number {
  const bundle = openBundle(text, trust);
  refuseOlder(bundle, marks);
  writeDurably(bundlePath(stateDir), text, 0o644);
  marks.recordBundle(bundle.version);
  return bundle.version;
}

/** The approvals of the installed bundle; none where there is no bundle, one invalid entry where it does not hold. */
export function readBundle(stateDir: string, trust: Trust, marks: Marks): readonly StoredApproval[] {
  const path = bundlePath(stateDir);
  try {
    const bundle = openBundle(readBounded(path, limits.MAX_BUNDLE_BYTES), trust);
    refuseOlder(bundle, marks);
    marks.recordBundle(bundle.version);
    return bundle.approvals.map((envelope, index) =>
      verifyApproval(() => checkEnvelope(envelope), { store: 'bundle', path: `${path}#${index}` }, trust),
    );
  } catch (cause) {
    if (cause instanceof ApprovalError)
      return [{ kind: 'invalid', store: 'bundle', path, claims: null, error: cause }];
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT')
      return marks.bundleVersion === 0 ? [] : [missing(path, marks.bundleVersion)];
    const error = new ApprovalError('APPROVAL_STORE_UNREADABLE', `${path} cannot be read`, { cause });
    return [{ kind: 'invalid', store: 'bundle', path, claims: null, error }];
  }
}

/** A bundle that a trust root signed. Its approvals are not believed yet. @throws {ApprovalError} */
export function openBundle(text: string, trust: Pick<Trust, 'keys'>): Bundle {
  return openDocument(APPROVALS, text, trust.keys, 1).content;
}

function refuseOlder({ version }: Bundle, { bundleVersion }: Marks): void {
  if (version >= bundleVersion) return;
  const message = `bundle ${version} is older than ${bundleVersion}, which was installed here before`;
  throw new ApprovalError('APPROVAL_BUNDLE_ROLLED_BACK', message);
}

function missing(path: string, version: number): StoredApproval {
  const message = `bundle ${version}, which was installed here, is gone`;
  const error = new ApprovalError('APPROVAL_BUNDLE_ROLLED_BACK', message);
  return { kind: 'invalid', store: 'bundle', path, claims: null, error };
}
