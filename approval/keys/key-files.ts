import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ApprovalError } from '../errors.ts';
import { readPrivateKey } from './private-key.ts';
import { keyId } from './public-key.ts';
import type { Signer } from './signer.ts';

/** Name of the key that is used where none is named. */
export const DEFAULT_KEY = 'approver';
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

/** A key file's two halves. */
export interface KeyFile {
  readonly name: string;
  readonly path: string;
  readonly publicKey: KeyObject;
  readonly signer: Signer;
}

/** Where a key of a state directory lies. @throws {ApprovalError} for a name that is no plain file name */
export function keyPath(stateDir: string, name: string): string {
  if (NAME.test(name)) return join(stateDir, 'keys', `${name}.pem`);
  throw new ApprovalError('APPROVAL_KEY_UNKNOWN', `${name} is no name of a key`, {
    hint: 'letters, digits, dot, dash and underscore, at most 64',
  });
}

/** Names of the keys of a state directory. */
export function keyNames(stateDir: string): readonly string[] {
  try {
    return readdirSync(join(stateDir, 'keys'))
      .filter((name) => name.endsWith('.pem'))
      .map((name) => name.slice(0, -'.pem'.length))
      .sort();
  } catch {
    return [];
  }
}

/**
 * Makes an Ed25519 key: PKCS#8 PEM, readable by its owner only.
 * @throws {ApprovalError} where there is one of that name
 */
export function createKey(stateDir: string, name: string): KeyFile {
  const path = keyPath(stateDir, name);
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    mkdirSync(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST')
      throw new ApprovalError('APPROVAL_KEY_EXISTS', `${path} is there already`, { cause });
    throw new ApprovalError('APPROVAL_STORE_UNWRITABLE', `${path} cannot be written`, { cause });
  }
  return keyFile(name, path, privateKey);
}

/** Opens a key; null where there is none of that name. @throws {ApprovalError} where others could have read it */
export function openKey(stateDir: string, name: string): KeyFile | null {
  const path = keyPath(stateDir, name);
  const key = readPrivateKey(path);
  return key === null ? null : keyFile(name, path, key);
}

/** The signer of a key file that lies anywhere; null where there is none. @throws {ApprovalError} as `openKey` */
export function openKeyFile(path: string): Signer | null {
  const key = readPrivateKey(path);
  return key === null ? null : keyFile(basename(path, '.pem'), path, key).signer;
}

function keyFile(name: string, path: string, secret: KeyObject): KeyFile {
  const publicKey = createPublicKey(secret);
  const signer: Signer = {
    id: keyId(publicKey),
    name,
    sign: async (message) => sign(null, message, secret),
  };
  return { name, path, publicKey, signer };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
