import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { sha256Hex } from '../../inventory/index.ts';

/** DER of a SubjectPublicKeyInfo with an Ed25519 key, up to the 32 bytes of the key (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;
/** Bytes of a file with a key. */
export const MAX_KEY_BYTES = 16 * 1024;
const SSH_TYPE = 'ssh-ed25519';

/** SHA-256 of the key's SubjectPublicKeyInfo in DER, lower-case hex. */
export function keyId(key: KeyObject): string {
  return sha256Hex(spki(key));
}

/** An Ed25519 public key from its PEM, or from OpenSSH's one line; null for anything else. */
export function parsePublicKey(text: string): KeyObject | null {
  const line = text.trim();
  try {
    if (!line.startsWith(`${SSH_TYPE} `)) {
      if (line.includes('PRIVATE KEY')) return null;
      const key = createPublicKey(line);
      return key.asymmetricKeyType === 'ed25519' ? key : null;
    }
    return keyOfSshBlob(Buffer.from(line.split(/\s+/)[1] ?? '', 'base64'));
  } catch {
    return null;
  }
}

/** The key of an OpenSSH public key blob (RFC 8709, section 4); null where it is of another kind. */
export function keyOfSshBlob(blob: Buffer): KeyObject | null {
  const head = sshHead();
  if (blob.length !== head.length + KEY_BYTES || !blob.subarray(0, head.length).equals(head)) return null;
  const der = Buffer.concat([SPKI_PREFIX, blob.subarray(head.length)]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** The same key as OpenSSH writes it inside its messages. */
export function sshBlobOf(key: KeyObject): Buffer {
  return Buffer.concat([sshHead(), spki(key).subarray(SPKI_PREFIX.length)]);
}

/** OpenSSH's name of a key, as `ssh-add -l` prints it. */
export function sshFingerprint(key: KeyObject): string {
  const digest = createHash('sha256').update(sshBlobOf(key)).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

function sshHead(): Buffer {
  const head = Buffer.alloc(4 + SSH_TYPE.length + 4);
  head.writeUInt32BE(SSH_TYPE.length, 0);
  head.write(SSH_TYPE, 4);
  head.writeUInt32BE(KEY_BYTES, 4 + SSH_TYPE.length);
  return head;
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
