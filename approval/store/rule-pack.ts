import * as z from 'zod';
import { canonicalJson, sha256Hex } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { type Envelope, parseEnvelope, signEnvelope, verifyEnvelope } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { Trust } from '../keys/trust-roots.ts';
import { readBounded } from './bounded-file.ts';
import { writeDurably } from './durable-file.ts';
import { type Validity, validityShape } from './validity.ts';

const RULE_PACK_PAYLOAD_TYPE = 'application/vnd.sealwatch.rule-pack+json';
/** Bytes of the envelope of a pack. */
const MAX_RULE_PACK_BYTES = 32 * 1024 * 1024;
const MAX_RULE_FILES_IN_PACK = 10_000;
/** UTF-16 code units of one file; the rule engine takes no longer one. */
const MAX_FILE_CHARS = 1_048_576;
const MAX_PATH_CHARS = 512;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Plain names joined by `/`: no root, no `.` or `..`, nothing hidden. */
const FILE_PATH = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml$/;

const rulePackSchema = z.strictObject({
  name: z.string().regex(NAME, 'takes small letters, digits, dots, dashes and underscores, 64 at the most'),
  /** Rises with every pack; a host never goes back to a lower one. */
  version: z.number().int().positive(),
  created: z.iso.datetime(),
  ...validityShape,
  files: z
    .array(
      z.strictObject({
        path: z.string().max(MAX_PATH_CHARS).regex(FILE_PATH, 'is not a plain relative path of a YAML file'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        text: z.string().max(MAX_FILE_CHARS),
      }),
    )
    .min(1)
    .max(MAX_RULE_FILES_IN_PACK),
});
type RulePackPayload = z.infer<typeof rulePackSchema>;

/** One rule file of a pack. */
export interface RulePackFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A signed set of rules whose signatures hold. */
export interface RulePack extends Validity {
  readonly name: string;
  readonly version: number;
  /** RFC 3339. */
  readonly created: string;
  readonly files: readonly RulePackFile[];
  /** SHA-256 of what was signed, as lower-case hex: two packs of one version are one if it is equal. */
  readonly digest: string;
  /** Ids of the trusted keys that signed it. */
  readonly signers: readonly string[];
}

/**
 * Signs rule files as one set: who holds the pack can neither leave one out nor add one.
 * @throws {ApprovalError} `APPROVAL_RULE_PACK_INVALID`, or where the signer cannot
 */
export async function composeRulePack(
  files: readonly RulePackFile[],
  about: { readonly name: string; readonly version: number; readonly created: Date } & Validity,
  signer: Signer,
): Promise<Envelope> {
  const { name, version, created, ...validity } = about;
  const listed = files
    .map(({ path, text }) => ({ path, sha256: sha256Hex(text), text }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const payload = checkPayload({ name, version, created: created.toISOString(), ...validity, files: listed });
  const envelope = await signEnvelope(Buffer.from(canonicalJson(payload)), signer, RULE_PACK_PAYLOAD_TYPE);
  if (envelope.payload.length > MAX_RULE_PACK_BYTES) throw tooLarge();
  return envelope;
}

/**
 * Opens a pack that carries as many signatures of trust roots as the profile asks for.
 * @throws {ApprovalError} where the envelope, a signature or the content does not hold
 */
export function openRulePack(text: string, trust: Trust, profile: Profile): RulePack {
  const envelope = parseRulePack(text);
  const { payload, signers } = verifyEnvelope(envelope, trust.keys, RULE_PACK_PAYLOAD_TYPE);
  const needed = trust.threshold[profile];
  if (signers.length < needed) {
    const message = `the rule pack carries ${signers.length} of ${needed} signatures`;
    throw new ApprovalError('APPROVAL_SIGNATURES_TOO_FEW', message, {
      hint: 'add one with `sealwatch rules sign`',
    });
  }
  const { files, ...told } = readPayload(payload);
  return {
    ...told,
    files: files.map(({ path, text: content }) => ({ path, text: content })),
    digest: sha256Hex(payload),
    signers,
  };
}

/** The envelope of a pack, not believed yet. @throws {ApprovalError} */
export function parseRulePack(text: string): Envelope {
  const envelope = parseEnvelope(text, MAX_RULE_PACK_BYTES);
  if (envelope.payloadType === RULE_PACK_PAYLOAD_TYPE) return envelope;
  throw new ApprovalError('APPROVAL_PAYLOAD_TYPE_WRONG', `payload type is ${envelope.payloadType}`);
}

/** Text of the file of a pack. @throws {ApprovalError} where it is too large, or the system's error */
export function readRulePack(path: string): string {
  return readBounded(path, MAX_RULE_PACK_BYTES);
}

/** Puts the text of a pack into a file, whole or not at all. @throws {ApprovalError} */
export function writeRulePack(path: string, text: string): void {
  writeDurably(path, text, 0o600);
}

function readPayload(payload: Buffer): RulePackPayload {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new ApprovalError('APPROVAL_RULE_PACK_INVALID', 'the rule pack is not JSON', { cause });
  }
  const parsed = checkPayload(value);
  if (!Buffer.from(canonicalJson(parsed)).equals(payload)) throw invalid('it is not canonical JSON');
  return parsed;
}

function checkPayload(value: unknown): RulePackPayload {
  const parsed = rulePackSchema.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { files } = parsed.data;
  for (const [index, { path, sha256, text }] of files.entries()) {
    const before = files[index - 1]?.path;
    if (before !== undefined && before >= path) throw invalid(`${path} is there twice or out of order`);
    if (sha256Hex(text) !== sha256) throw invalid(`the digest of ${path} does not fit its text`);
  }
  return parsed.data;
}

function tooLarge(): ApprovalError {
  return new ApprovalError('APPROVAL_TOO_LARGE', `the rule pack is over ${MAX_RULE_PACK_BYTES} bytes`);
}

function invalid(message: string): ApprovalError {
  return new ApprovalError('APPROVAL_RULE_PACK_INVALID', `not a rule pack: ${message}`);
}
