import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApprovalError, keyId, readPrivateKey } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';
import { keySetOf } from './key-set.ts';
import type { IdentityKey } from './token.ts';
import { replaceFile, writeBeside } from './whole-file.ts';

const OTHERS_MAY_ANYTHING = 0o077;

/** Where the parts of a host's identity key lie. */
export interface IdentityPaths {
  readonly directory: string;
  /** Private half, PKCS#8 PEM, mode 0600. */
  readonly key: string;
  /** Public half, SubjectPublicKeyInfo PEM. */
  readonly publicKey: string;
  /** Public half as a key set (RFC 7517). */
  readonly keySet: string;
}

export function identityPaths(stateDir: string): IdentityPaths {
  const directory = join(stateDir, 'identity');
  return {
    directory,
    key: join(directory, 'key.pem'),
    publicKey: join(directory, 'key.pub.pem'),
    keySet: join(directory, 'jwks.json'),
  };
}

/**
 * The Ed25519 key with which this host signs tokens, made at the first use. Several who start at once make one key: each
 * offers its own, the first link counts, and all go on with that one.
 * @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE`, also for a key or directory that others can read or write
 */
export function openIdentityKey(stateDir: string): IdentityKey {
  const paths = identityPaths(stateDir);
  try {
    mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
    refuseExposed(paths.directory);
    const privateKey = readPrivateKey(paths.key) ?? makeKey(paths.key);
    const publicKey = createPublicKey(privateKey);
    keepText(paths.publicKey, String(publicKey.export({ type: 'spki', format: 'pem' })));
    keepText(paths.keySet, keySetOf(publicKey));
    return { id: keyId(publicKey), privateKey };
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
  const stat = lstatSync(directory);
  const uid = process.getuid?.() ?? stat.uid;
  if (stat.isDirectory() && (stat.mode & OTHERS_MAY_ANYTHING) === 0 && (stat.uid === uid || stat.uid === 0))
    return;
  throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `${directory} is open to others, or no directory`, {
    hint: `move ${directory} away, so that a new key is made`,
  });
}

/** What follows from the key is written again only where it is not there as it should be. */
function keepText(path: string, text: string): void {
  if (textOf(path) !== text) replaceFile(path, text, 0o644);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
