import * as z from 'zod';
import type { canonicalJson } from '../../inventory/index.ts';
import type { Envelope } from '../envelope/dsse.ts';
import { type DocumentForm, openDocument, signDocument } from '../envelope/signed-document.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { type Validity, validityShape } from './validity.ts';

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

const CONFIG: DocumentForm<z.infer<typeof configBundleSchema>> = {
  name: 'config for agents',
  payloadType: 'application/vnd.sealwatch.config+json',
  maxBytes: 4 * 1024 * 1024,
  schema: configBundleSchema,
  invalid: 'APPROVAL_CONFIG_INVALID',
};

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
  const { issued, ...more } = about;
  return signDocument(CONFIG, { ...more, issued: issued.toISOString(), config }, signer);
}

/**
 * Opens a config bundle that carries at least `needed` signatures of trust roots.
 * @throws {ApprovalError} where the envelope, a signature or the content does not hold
 */
export function openConfigBundle(text: string, trust: Pick<Trust, 'keys'>, needed: number): ConfigBundle {
  const { content, digest } = openDocument(CONFIG, text, trust.keys, needed);
  return { ...content, digest };
}
