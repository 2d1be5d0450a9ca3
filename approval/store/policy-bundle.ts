import { join } from 'node:path';
import * as z from 'zod';
import type { Profile } from '../../wire/index.ts';
import type { Envelope } from '../envelope/dsse.ts';
import { type DocumentForm, openDocument, signDocument } from '../envelope/signed-document.ts';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { MAX_POLICY_CHARS, readFleetPolicy } from '../policy/policy-file.ts';
import { readBounded } from './bounded-file.ts';
import { writeDurably } from './durable-file.ts';
import type { Marks } from './marks.ts';
import { type Validity, validityShape } from './validity.ts';

/** Bytes of the envelope of a policy. */
const MAX_POLICY_BUNDLE_BYTES = 8 * 1024 * 1024;

const policyBundleSchema = z.strictObject({
  /** Rises with every bundle; a host never goes back to a lower one. */
  version: z.number().int().positive(),
  issued: z.iso.datetime(),
  ...validityShape,
  /** As its author wrote it, so that whoever refuses it can say where. */
  policy: z.string().max(MAX_POLICY_CHARS),
});

const POLICY: DocumentForm<z.infer<typeof policyBundleSchema>> = {
  name: 'policy of the fleet',
  payloadType: 'application/vnd.sealwatch.policy+json',
  maxBytes: MAX_POLICY_BUNDLE_BYTES,
  schema: policyBundleSchema,
  invalid: 'APPROVAL_BUNDLE_INVALID',
};

/** A policy for the servers of a fleet whose signatures hold. What it says may still not. */
export interface PolicyBundle extends Validity {
  readonly version: number;
  /** RFC 3339. */
  readonly issued: string;
  /** YAML or JSON, for `readFleetPolicy`. */
  readonly policy: string;
  /** SHA-256 of what was signed, lower-case hex. */
  readonly digest: string;
}

/** The policy of the fleet on a host; `unusable` allows nothing, since it was there and may have forbidden anything. */
export type FleetPolicy =
  | { readonly kind: 'none' }
  | { readonly kind: 'signed'; readonly digest: string; readonly policy: string }
  | { readonly kind: 'unusable'; readonly fault: ApprovalError };

export const NO_FLEET_POLICY: FleetPolicy = { kind: 'none' };

/** Where the policy of the fleet lies. */
export function policyBundlePath(stateDir: string): string {
  return join(stateDir, 'bundle', 'policy.dsse.json');
}

/**
 * Signs a policy for the servers of a fleet.
 * @throws {ApprovalError} with all faults of the policy, or where the signer cannot
 */
export async function composePolicyBundle(
  policy: string,
  about: { readonly version: number; readonly issued: Date } & Validity,
  signer: Signer,
): Promise<Envelope> {
  const { issued, ...more } = about;
  const envelope = await signDocument(POLICY, { ...more, issued: issued.toISOString(), policy }, signer);
  await readFleetPolicy(policy);
  return envelope;
}

/**
 * Opens a policy bundle that carries at least `needed` signatures of trust roots.
 * @throws {ApprovalError} where the envelope or a signature does not hold
 */
export function openPolicyBundle(text: string, trust: Pick<Trust, 'keys'>, needed: number): PolicyBundle {
  const { content, digest } = openDocument(POLICY, text, trust.keys, needed);
  return { ...content, digest };
}

/**
 * Checks a policy bundle, what it says as well, and puts it into the state directory.
 * @throws {ApprovalError} also where it is an older one; what was before stays then
 */
export async function installPolicyBundle(
  text: string,
  stateDir: string,
  { trust, profile, marks }: { readonly trust: Trust; readonly profile: Profile; readonly marks: Marks },
): Promise<number> {
  const { version, policy } = openPolicyBundle(text, trust, trust.threshold[profile]);
  refuseOlder(version, marks);
  await readFleetPolicy(policy);
  writeDurably(policyBundlePath(stateDir), text, 0o644);
  marks.recordPolicy(version);
  return version;
}

/** The policy of the fleet as it lies in a state directory, believed no more than when it was installed. */
export function readPolicyBundle(
  stateDir: string,
  { trust, profile, marks }: { readonly trust: Trust; readonly profile: Profile; readonly marks: Marks },
): FleetPolicy {
  const path = policyBundlePath(stateDir);
  try {
    const text = readBounded(path, MAX_POLICY_BUNDLE_BYTES);
    const { version, digest, policy } = openPolicyBundle(text, trust, trust.threshold[profile]);
    refuseOlder(version, marks);
    marks.recordPolicy(version);
    return { kind: 'signed', digest, policy };
  } catch (cause) {
    if (cause instanceof ApprovalError) return { kind: 'unusable', fault: cause };
    const isMissing =
      typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
    if (isMissing && marks.policyVersion === 0) return NO_FLEET_POLICY;
    const fault = isMissing
      ? new ApprovalError('APPROVAL_BUNDLE_ROLLED_BACK', `the policy of the fleet, ${path}, is gone`)
      : new ApprovalError('APPROVAL_STORE_UNREADABLE', `${path} cannot be read`, { cause });
    return { kind: 'unusable', fault };
  }
}

function refuseOlder(version: number, { policyVersion }: Marks): void {
  if (version >= policyVersion) return;
  const message = `policy ${version} is older than ${policyVersion}, which was installed here before`;
  throw new ApprovalError('APPROVAL_BUNDLE_ROLLED_BACK', message);
}
