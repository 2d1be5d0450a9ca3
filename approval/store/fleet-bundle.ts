import { canonicalJson, sha256Hex } from '../../inventory/index.ts';
import { type BundleKind, limits, type Profile } from '../../wire/index.ts';
import { parseEnvelope } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { readFleetPolicy } from '../policy/policy-file.ts';
import { openBundle } from './bundle.ts';
import { openConfigBundle } from './config-bundle.ts';
import { openPolicyBundle } from './policy-bundle.ts';
import { openRulePack } from './rule-pack.ts';
import type { Validity } from './validity.ts';

/** A bundle of any kind whose signatures hold. */
export interface FleetBundle extends Validity {
  readonly kind: BundleKind;
  readonly version: number;
  /** SHA-256 of what was signed, lower-case hex: two bundles of one version are one if it is equal. */
  readonly digest: string;
}

/**
 * Opens a bundle of a kind by as many signatures as the profile asks for; one of approvals by any one, since each
 * approval in it carries its own. What a policy says is checked as well.
 * @throws {ApprovalError} where it does not hold; for a policy with line and column of each fault
 */
export async function openFleetBundle(
  kind: BundleKind,
  text: string,
  trust: Trust,
  profile: Profile,
): Promise<FleetBundle> {
  switch (kind) {
    case 'rules': {
      const { version, digest, group, expires } = openRulePack(text, trust, profile);
      return { kind, version, digest, ...validityOf({ group, expires }) };
    }
    case 'approvals': {
      const bundle = openBundle(text, trust);
      const { version, group, expires } = bundle;
      return { kind, version, digest: sha256Hex(canonicalJson(bundle)), ...validityOf({ group, expires }) };
    }
    case 'config': {
      const { version, digest, group, expires } = openConfigBundle(text, trust, trust.threshold[profile]);
      return { kind, version, digest, ...validityOf({ group, expires }) };
    }
    case 'policy': {
      const bundle = openPolicyBundle(text, trust, trust.threshold[profile]);
      const { version, digest, group, expires } = bundle;
      await readFleetPolicy(bundle.policy);
      return { kind, version, digest, ...validityOf({ group, expires }) };
    }
  }
}

const KIND_OF: ReadonlyMap<string, BundleKind> = new Map([
  ['application/vnd.sealwatch.rule-pack+json', 'rules'],
  ['application/vnd.sealwatch.approvals+json', 'approvals'],
  ['application/vnd.sealwatch.config+json', 'config'],
  ['application/vnd.sealwatch.policy+json', 'policy'],
]);

/** What kind of bundle a text says it is. Nothing of it is believed yet. @throws {ApprovalError} */
export function claimedKind(text: string): BundleKind {
  const { payloadType } = parseEnvelope(text, limits.MAX_BUNDLE_BYTES);
  const kind = KIND_OF.get(payloadType);
  if (kind !== undefined) return kind;
  throw new ApprovalError('APPROVAL_PAYLOAD_TYPE_WRONG', `payload type is ${payloadType}`);
}

function validityOf(given: { readonly [K in keyof Validity]: Validity[K] | undefined }): Validity {
  const { group, expires } = given;
  return { ...(group === undefined ? {} : { group }), ...(expires === undefined ? {} : { expires }) };
}
