import { createPrivateKey, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ApprovalError } from '../errors.ts';
import { OTHERS_MAY_ANYTHING } from './exposure.ts';
import { MAX_KEY_BYTES } from './public-key.ts';

/**
 * The Ed25519 private key of a PEM file (at most 16 KiB, no symlink); null where there is none.
 * @throws {ApprovalError} for what holds no such key, and for one that others could have read
 */
export function readPrivateKey(path: string): KeyObject | null {
  const pem = readSecret(path);
  if (pem === null) return null;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} is not a private key`, { cause });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} is not an Ed25519 key`);
}

function readSecret(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} cannot be read`, { cause });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > MAX_KEY_BYTES)
      throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} is not a key file`);
    const uid = process.getuid?.() ?? stat.uid;
    if ((stat.mode & OTHERS_MAY_ANYTHING) !== 0 || (stat.uid !== uid && stat.uid !== 0)) {
      throw new ApprovalError('APPROVAL_KEY_EXPOSED', `${path} can be read by others`, {
        hint: `make a new key: move ${path} away`,
      });
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
