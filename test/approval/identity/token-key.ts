import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type IdentityKey, signToken, type TokenStatement } from '../../../approval/identity/token.ts';
import { keyId } from '../../../approval/keys/public-key.ts';

/** A key that signs tokens, its public half, and the time at which all tests take place. */
export const NOW_MS = Date.UTC(2026, 10, 28, 3, 30);
export const STATEMENT: TokenStatement = {
  issuer: 'spiffe://example.org/host/h1',
  subject: 'spiffe://example.org/host/h1/client/cursor/server/files',
  audience: 'https://api.example.org',
  closure: 'c'.repeat(64),
  profile: 'production',
  serial: 7,
};

export function newKey(): IdentityKey & { readonly publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey);
  return { id: keyId(publicKey), privateKey, publicKey };
}

/** A token and its three parts, read but not verified. */
export function partsOf(token: string) {
  const [head = '', body = '', signature = ''] = token.split('.');
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  return { header: json(head), claims: json(body), signature };
}

/** A token whose header and claims are changed before the key signs them. */
export function tokenWith(
  key: IdentityKey,
  { header = {}, claims = {} }: { readonly header?: object; readonly claims?: object },
): string {
  const plain = partsOf(signToken(STATEMENT, key, NOW_MS));
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ ...plain.header, ...header })}.${encode({ ...plain.claims, ...claims })}`;
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
}
