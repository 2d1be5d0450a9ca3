import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApprovalError } from '../errors.ts';
import { isPrivateDirectory } from '../keys/exposure.ts';
import { readPrivateKey } from '../keys/private-key.ts';
import { keyId } from '../keys/public-key.ts';
import { writeDurably } from '../store/durable-file.ts';
import { keySetOf } from './key-set.ts';
import type { IdentityKey } from './token.ts';

/**
 * The Ed25519 key with which this host signs tokens, made at the first use: PKCS#8 PEM, mode 0600, in a directory of its
 * own. Several who start at once make one key: each offers its own, the first link counts, and all go on with that one.
 * @throws {ApprovalError} also for a key or directory that others can read or write
 */
export function openIdentityKey(stateDir: string): IdentityKey {
  const directory = join(stateDir, 'identity');
  const path = join(directory, 'key.pem');
  makeDirectory(directory);
  const privateKey = readPrivateKey(path) ?? makeKey(path);
  return { id: keyId(createPublicKey(privateKey)), privateKey };
}

/** The key set with which others verify what the key of a state directory signed. @throws {ApprovalError} */
export function identityKeySet(stateDir: string): string {
  return keySetOf(createPublicKey(openIdentityKey(stateDir).privateKey));
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(directory, cause);
  }
  if (isPrivateDirectory(directory)) return;
  throw new ApprovalError('APPROVAL_KEY_EXPOSED', `${directory} is open to others, or no directory`, {
    hint: `move ${directory} away, so that a new key is made`,
  });
}

function makeKey(path: string): KeyObject {
  const offer = `${path}.${randomBytes(8).toString('hex')}`;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeDurably(offer, String(pem), 0o600);
  try {
    linkSync(offer, path);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'))
      throw unwritable(path, cause);
  } finally {
    rmSync(offer, { force: true });
  }
  const key = readPrivateKey(path);
  if (key === null) throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} was taken away`);
  return key;
}

function unwritable(path: string, cause: unknown): ApprovalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ApprovalError('APPROVAL_STORE_UNWRITABLE', `${path} cannot be written: ${reason}`, { cause });
}
