import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApprovalError, isPrivateDirectory, keyId, readPrivateKey } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';
import { keySetOf } from './key-set.ts';
import type { IdentityKey } from './token.ts';
import { writeBeside } from './whole-file.ts';

/**
 * The Ed25519 key with which this host signs tokens, made at the first use: PKCS#8 PEM, mode 0600, in a directory of its
 * own. Several who start at once make one key: each offers its own, the first link counts, and all go on with that one.
 * @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE`, also for a key or directory that others can read or write
 */
export function openIdentityKey(stateDir: string): IdentityKey {
  const directory = join(stateDir, 'identity');
  const path = join(directory, 'key.pem');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    refuseExposed(directory);
    const privateKey = readPrivateKey(path) ?? makeKey(path);
    return { id: keyId(createPublicKey(privateKey)), privateKey };
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = cause instanceof ApprovalError ? cause.hint : undefined;
    throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `there is no key to sign an identity: ${reason}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The key set with which others verify what the key of a state directory signed. @throws {GuardError} as `openIdentityKey` */
export function identityKeySet(stateDir: string): string {
  return keySetOf(createPublicKey(openIdentityKey(stateDir).privateKey));
}

function makeKey(path: string): KeyObject {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeBeside(path, String(pem), 0o600, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  });
  const key = readPrivateKey(path);
  if (key === null) throw new Error(`${path} was taken away`);
  return key;
}

function refuseExposed(directory: string): void {
  if (isPrivateDirectory(directory)) return;
  throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${directory} is open to others, or no directory`, {
    hint: `move ${directory} away, so that a new key is made`,
  });
}
