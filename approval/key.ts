import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApprovalError } from './errors.ts';
import { isExposed, OTHERS_MAY_WRITE } from './exposure.ts';

const MAX_TRUST_ROOTS = 256;
const OTHERS_MAY_ANYTHING = 0o077;

/** A public key whose signatures count. */
export interface TrustRoot {
  /** SHA-256 of the key's SubjectPublicKeyInfo in DER, lower-case hex. */
  readonly id: string;
  readonly key: KeyObject;
}

/** A key that signs approvals. */
export interface SigningKey {
  readonly id: string;
  readonly secret: KeyObject;
}

function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function errno(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Where keys and trust roots lie under a state directory. */
function paths(stateDir: string): { readonly secret: string; readonly trust: string } {
  return { secret: join(stateDir, 'keys', 'approver.pem'), trust: join(stateDir, 'trust') };
}

/**
 * The host's own approver key; made at first use, with its public half put into the trust roots.
 * @throws {ApprovalError} where others could read it
 */
export function openSigningKey(stateDir: string): SigningKey {
  const { secret, trust } = paths(stateDir);
  let pem: string;
  try {
    if ((statSync(secret).mode & OTHERS_MAY_ANYTHING) !== 0) {
      throw new ApprovalError('APPROVAL_KEY_EXPOSED', `${secret} can be read by others`, {
        hint: `make a new key: move ${secret} away and approve again`,
      });
    }
    pem = readFileSync(secret, 'utf8');
  } catch (cause) {
    if (cause instanceof ApprovalError) throw cause;
    if (errno(cause) !== 'ENOENT') {
      throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${secret} cannot be read`, { cause });
    }
    return createSigningKey(stateDir, secret, trust);
  }
  try {
    const key = createPrivateKey(pem);
    return { id: keyId(createPublicKey(key)), secret: key };
  } catch (cause) {
    throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${secret} is not a private key`, { cause });
  }
}

function createSigningKey(stateDir: string, secretPath: string, trust: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const id = keyId(publicKey);
  mkdirSync(join(stateDir, 'keys'), { recursive: true, mode: 0o700 });
  mkdirSync(trust, { recursive: true, mode: 0o755 });
  writeFileSync(secretPath, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(join(trust, `${id.slice(0, 16)}.pem`), publicKey.export({ type: 'spki', format: 'pem' }), {
    mode: 0o644,
    flag: 'wx',
  });
  return { id, secret: privateKey };
}

/**
 * All trust roots of a state directory. A directory or file that others may write is refused whole,
 * since it would let them add themselves.
 * @throws {ApprovalError}
 */
export function loadTrustRoots(stateDir: string): readonly TrustRoot[] {
  const { trust } = paths(stateDir);
  let names: readonly string[];
  try {
    refuseExposed(trust);
    // In a sticky directory others may still put a root of their own, by a link to a file of someone trusted.
    if ((statSync(trust).mode & OTHERS_MAY_WRITE) !== 0) throw exposed(trust);
    names = readdirSync(trust)
      .filter((name) => name.endsWith('.pem'))
      .sort()
      .slice(0, MAX_TRUST_ROOTS);
  } catch (cause) {
    if (errno(cause) === 'ENOENT') return [];
    throw cause;
  }
  return names.map((name) => {
    const path = join(trust, name);
    refuseExposed(path);
    try {
      const key = createPublicKey(readFileSync(path));
      return { id: keyId(key), key };
    } catch (cause) {
      throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} is not a public key`, { cause });
    }
  });
}

function refuseExposed(path: string): void {
  if (isExposed(path)) throw exposed(path);
}

function exposed(path: string): ApprovalError {
  return new ApprovalError('APPROVAL_TRUST_ROOT_EXPOSED', `${path} could have been written by others`, {
    hint: `chown it to root (or yourself) and take write permission from others: chmod go-w ${path}`,
  });
}
