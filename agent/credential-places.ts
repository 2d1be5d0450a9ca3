import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Directories of a home whose files are keys and tokens, and single such files. */
const IN_HOMES = [
  '.ssh',
  '.aws',
  '.aws/sso/cache',
  '.azure',
  '.config/gcloud',
  '.config/gh',
  '.config/op',
  '.config/rclone',
  '.kube',
  '.docker',
  '.gnupg',
  '.gnupg/private-keys-v1.d',
  '.password-store',
  '.local/share/keyrings',
  '.terraform.d',
  '.netrc',
  '.pgpass',
  '.pypirc',
  '.git-credentials',
  '.vault-token',
] as const;
/** Of the host. */
const ON_HOST = ['/etc/shadow', '/etc/gshadow', '/etc/krb5.keytab', '/etc/ssl/private'] as const;
/** Paths that are guarded; those of the homes named first come first. */
const MAX_PLACES = 4_096;

/** What is there of the places where credentials lie. A program that opens one of a server's subtree is told. */
export function credentialPlaces(homes: readonly string[]): readonly string[] {
  const places = homes.flatMap((home) => IN_HOMES.map((name) => join(home, name)));
  return [...ON_HOST, ...places].slice(0, MAX_PLACES).filter((path) => existsSync(path));
}
