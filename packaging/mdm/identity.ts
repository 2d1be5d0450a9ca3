import { createHash } from 'node:crypto';

/** Made once at random: what our names are hashed under. */
const NAMESPACE = '6f1c7a52-3d0e-4b8e-9a57-0f2d5be1c9a4';

/**
 * A UUID of version 5 (RFC 9562, section 5.5) for the identifier of a profile or payload, in capitals as Apple's tools
 * write them. The same identifier has it for ever, so that a changed profile takes the place of the one before.
 */
export function stableUuid(identifier: string): string {
  const namespace = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(namespace).update(identifier, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
