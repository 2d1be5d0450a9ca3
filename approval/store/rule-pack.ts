import * as z from 'zod';
import { sha256Hex } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { type Envelope, parseEnvelope } from '../envelope/dsse.ts';
import { type DocumentForm, openDocument, signDocument } from '../envelope/signed-document.ts';
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

const RULE_PACK: DocumentForm<RulePackPayload> = {
  name: 'rule pack',
  payloadType: RULE_PACK_PAYLOAD_TYPE,
  maxBytes: MAX_RULE_PACK_BYTES,
  schema: rulePackSchema,
  invalid: 'APPROVAL_RULE_PACK_INVALID',
  faultIn: faultOfFiles,
  hint: 'add one with `sealwatch rules sign`',
};

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
  const listed = files
    .map(({ path, text }) => ({ path, sha256: sha256Hex(text), text }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return signDocument(RULE_PACK, { ...about, created: about.created.toISOString(), files: listed }, signer);
}

/**
 * Opens a pack that carries as many signatures of trust roots as the profile asks for.
 * @throws {ApprovalError} where the envelope, a signature or the content does not hold
 */
export function openRulePack(text: string, trust: Trust, profile: Profile): RulePack {
  const { content, digest, signers } = openDocument(RULE_PACK, text, trust.keys, trust.threshold[profile]);
  const { files, ...told } = content;
  return { ...told, files: files.map(({ path, text: of }) => ({ path, text: of })), digest, signers };
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

function faultOfFiles({ files }: RulePackPayload): string | null {
  for (const [index, { path, sha256, text }] of files.entries()) {
    const before = files[index - 1]?.path;
    if (before !== undefined && before >= path) return `${path} is there twice or out of order`;
    if (sha256Hex(text) !== sha256) return `the digest of ${path} does not fit its text`;
  }
  return null;
}
