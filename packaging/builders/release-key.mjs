// The key that signs manifests and sums of a release.
import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SetupError } from '../../scripts/setup/command.mjs';

const NAME = 'release';

/**
 * Opens the key in `file` (Ed25519, PKCS#8 PEM, readable by its owner only), else one that is made once for this checkout.
 * `made` is the path of a key of this checkout's own, to be told to people; null where they named one.
 */
export async function openReleaseKey(root, file) {
  const { createKey, openKeyFile } = await import('../../dist/approval/index.js');
  const state = join(root, '.cache', 'release');
  const path = file === undefined ? join(state, 'keys', `${NAME}.pem`) : resolve(file);
  if (file === undefined && !existsSync(path)) createKey(state, NAME);
  const signer = openKeyFile(path);
  if (signer === null) throw new SetupError(`${path} is not there`, 'name an Ed25519 key by --sign-key');
  const publicKey = createPublicKey(readFileSync(path));
  return {
    signer,
    publicText: String(publicKey.export({ type: 'spki', format: 'pem' })),
    made: file === undefined ? path : null,
  };
}
