import * as z from 'zod';
import type { Envelope, VerificationKey } from '../envelope/dsse.ts';
import { type DocumentForm, openDocument, signDocument } from '../envelope/signed-document.ts';
import type { Signer } from '../keys/signer.ts';

const MAX_FILES = 100_000;
const MAX_PATH_CHARS = 1_024;
/** Names joined by `/`: relative to the root of the installation, no `.` or `..`, no control characters. */
const FILE_PATH = /^(?!\.{1,2}(?:\/|$))[^\p{Cc}/]+(?:\/(?!\.{1,2}(?:\/|$))[^\p{Cc}/]+)*$/u;

const packageManifestSchema = z.strictObject({
  /** Name of the package, such as `sealwatch-agent`. */
  package: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  version: z.string().regex(/^[0-9A-Za-z.+~-]{1,64}$/),
  /** As npm names them, such as `linux-x64`. */
  platform: z.string().regex(/^[a-z0-9]+-[a-z0-9]+$/),
  files: z
    .array(
      z.strictObject({
        path: z.string().max(MAX_PATH_CHARS).regex(FILE_PATH, 'is not a plain relative path'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        bytes: z.number().int().nonnegative(),
        /** Whether it may be executed. */
        executable: z.boolean(),
      }),
    )
    .min(1)
    .max(MAX_FILES),
});

/** What a package put below the root of its installation, each file with its digest. */
export type PackageManifest = Readonly<z.infer<typeof packageManifestSchema>>;

/** Name of the signed manifest in the root of an installation; the manifest does not list it. */
export const PACKAGE_MANIFEST = 'manifest.dsse.json';
/** Bytes of the envelope of a manifest. */
export const MAX_PACKAGE_MANIFEST_BYTES = 32 * 1024 * 1024;

const MANIFEST: DocumentForm<PackageManifest> = {
  name: 'manifest of a package',
  payloadType: 'application/vnd.sealwatch.package+json',
  maxBytes: MAX_PACKAGE_MANIFEST_BYTES,
  schema: packageManifestSchema,
  invalid: 'APPROVAL_MANIFEST_INVALID',
  faultIn: ({ files }) => {
    const at = files.findIndex(({ path }, index) => index > 0 && (files[index - 1]?.path ?? '') >= path);
    return at < 0 ? null : `${files[at]?.path} is there twice or out of order`;
  },
};

/**
 * Signs what a package consists of; files are given in the order of their paths as UTF-16.
 * @throws {ApprovalError} `APPROVAL_MANIFEST_INVALID`, or where the signer cannot
 */
export async function composePackageManifest(manifest: PackageManifest, signer: Signer): Promise<Envelope> {
  return signDocument(MANIFEST, manifest, signer);
}

/** Opens a manifest that one of the keys of releases signed. @throws {ApprovalError} where it does not hold */
export function openPackageManifest(
  text: string,
  keys: ReadonlyMap<string, VerificationKey>,
): PackageManifest {
  return openDocument(MANIFEST, text, keys, 1).content;
}
