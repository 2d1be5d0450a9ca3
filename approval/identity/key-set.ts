import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { keyId } from '../keys/public-key.ts';

/** Bytes of a key set. */
export const MAX_KEY_SET_BYTES = 256 * 1024;
const MAX_KEYS_OF_SET = 1_000;

/** An Ed25519 public key as JSON (RFC 8037, section 2); its `kid` is the product's id of the key. */
const jwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  kid: z.string().min(1).max(256),
  use: z.literal('sig').optional(),
  alg: z.literal('EdDSA').optional(),
});
const keySetSchema = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS_OF_SET) });

/** The key set (RFC 7517, section 5) with which a backend verifies tokens that the key signed. */
export function keySetOf(publicKey: KeyObject): string {
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  return `${JSON.stringify({ keys: [{ kty, crv, x, kid: keyId(publicKey), use: 'sig', alg: 'EdDSA' }] }, null, 2)}\n`;
}

/**
 * The Ed25519 keys of a key set by their ids; keys of other kinds are passed over (RFC 7517, section 5). Null for what is
 * no key set, or one over 256 KiB or 1,000 keys.
 */
export function readKeySet(text: string): ReadonlyMap<string, KeyObject> | null {
  if (text.length > MAX_KEY_SET_BYTES) return null;
  try {
    const keys = keySetSchema.parse(JSON.parse(text)).keys.flatMap((key): [string, KeyObject][] => {
      const jwk = jwkSchema.safeParse(key);
      if (!jwk.success) return [];
      const { kty, crv, x, kid } = jwk.data;
      return [[kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' })]];
    });
    return new Map(keys);
  } catch {
    return null;
  }
}
