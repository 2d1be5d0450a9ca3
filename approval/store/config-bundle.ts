import * as z from 'zod';
import { canonicalJson, sha256Hex } from '../../inventory/index.ts';
import { type Envelope, parseEnvelope, signEnvelope, verifyEnvelope } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { type Validity, validityShape } from './validity.ts';

const CONFIG_PAYLOAD_TYPE = 'application/vnd.sealwatch.config+json';
/** Bytes of the envelope of a config. */
const MAX_CONFIG_BUNDLE_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 1_000;

type Json = Parameters<typeof canonicalJson>[0];
/** What an entry says is checked by the agent, which knows its rule engine. */
const entry = z.record(z.string().max(128), z.json() as z.ZodType<Json>);

/**
 * What of an agent's config may come from afar. What bears on security can only be tightened: there is no way to
 * write the laxer value down.
 */
const remoteConfigSchema = z.strictObject({
  profile: z.literal('production').exactOptional(),
  denial: z.literal('end').exactOptional(),
  placeholders: z.record(z.string().max(128), z.array(z.string()).max(10_000)).exactOptional(),
  rule_changes: z.array(entry).max(MAX_ENTRIES).exactOptional(),
  exceptions: z.array(entry).max(MAX_ENTRIES).exactOptional(),
});
export type RemoteConfig = Readonly<z.infer<typeof remoteConfigSchema>>;

const configBundleSchema = z.strictObject({
  /** Rises with every bundle; a host never goes back to a lower one. */
  version: z.number().int().positive(),
  issued: z.iso.datetime(),
  ...validityShape,
  config: remoteConfigSchema,
});

/** A config bundle whose signatures hold. */
export interface ConfigBundle extends Validity {
  readonly version: number;
  /** RFC 3339. */
  readonly issued: string;
  readonly config: RemoteConfig;
  /** SHA-256 of what was signed, lower-case hex. */
  readonly digest: string;
}

/**
 * Signs settings for the agents of a fleet.
 * @throws {ApprovalError} `APPROVAL_CONFIG_INVALID`, or where the signer cannot
 */
export async function composeConfigBundle(
  config: unknown,
  about: { readonly version: number; readonly issued: Date } & Validity,
  signer: Signer,
): Promise<Envelope> {
  const { version, issued, group, expires } = about;
  const validity = {
    ...(group === undefined ? {} : { group }),
    ...(expires === undefined ? {} : { expires }),
  };
  const payload = checkPayload({ version, issued: issued.toISOString(), ...validity, config });
  return signEnvelope(Buffer.from(canonicalJson(payload)), signer, CONFIG_PAYLOAD_TYPE);
}

/**
 * Opens a config bundle that carries at least `needed` signatures of trust roots.
 * @throws {ApprovalError} where the envelope, a signature or the content does not hold
 */
export function openConfigBundle(text: string, trust: Pick<Trust, 'keys'>, needed: number): ConfigBundle {
  const envelope = parseEnvelope(text, MAX_CONFIG_BUNDLE_BYTES);
  const { payload, signers } = verifyEnvelope(envelope, trust.keys, CONFIG_PAYLOAD_TYPE);
  if (signers.length < needed) {
    const message = `the config carries ${signers.length} of ${needed} signatures`;
    throw new ApprovalError('APPROVAL_SIGNATURES_TOO_FEW', message);
  }
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new ApprovalError('APPROVAL_CONFIG_INVALID', 'the config is not JSON', { cause });
  }
  const parsed = checkPayload(value);
  if (!Buffer.from(canonicalJson(parsed)).equals(payload)) throw invalid('it is not canonical JSON');
  return { ...parsed, digest: sha256Hex(payload) };
}

function checkPayload(value: unknown): z.infer<typeof configBundleSchema> {
  const parsed = configBundleSchema.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  return parsed.data;
}

function invalid(message: string): ApprovalError {
  return new ApprovalError('APPROVAL_CONFIG_INVALID', `not a config for agents: ${message}`);
}
