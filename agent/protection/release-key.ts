import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { exposedPart, keyId, MAX_KEY_BYTES, parsePublicKey } from '../../approval/index.ts';
import { readRegular } from '../../inventory/index.ts';

/** The key of releases that a host's administrator chose; where it exists, it alone counts. */
export const HOST_RELEASE_KEY = '/etc/sealwatch/release.pub';
/** The key that came with an installation, in its root. */
export const PACKAGE_RELEASE_KEY = 'release.pub';

/** Whose signature of a manifest counts; a fault says why nobody's does. */
export type ReleaseKey =
  | {
      readonly kind: 'key';
      readonly id: string;
      readonly key: NonNullable<ReturnType<typeof parsePublicKey>>;
      /** It was chosen by the host's administrator, so that a change of it is their own. */
      readonly isHosts: boolean;
    }
  | { readonly kind: 'fault'; readonly path: string; readonly reason: string };

/** Finds the key for the installation at `root`. `owners` may write the host's key: root alone unless told. */
export function releaseKey(root: string, hostKey: string, owners: readonly number[] = [0]): ReleaseKey {
  const isHosts = lstatSync(hostKey, { throwIfNoEntry: false }) !== undefined;
  const path = isHosts ? hostKey : join(root, PACKAGE_RELEASE_KEY);
  try {
    if (isHosts && exposedPart(hostKey, owners) !== null)
      return { kind: 'fault', path, reason: 'writable by others' };
    const key = parsePublicKey(readRegular(path, MAX_KEY_BYTES)?.toString('utf8') ?? '');
    if (key === null) return { kind: 'fault', path, reason: 'no Ed25519 public key' };
    return { kind: 'key', id: keyId(key), key, isHosts };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { kind: 'fault', path, reason: code === 'ENOENT' ? 'missing' : `unreadable (${code})` };
  }
}
