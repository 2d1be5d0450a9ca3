import { generateKeyPairSync, sign } from 'node:crypto';
import type { VerificationKey } from '../../../approval/envelope/dsse.ts';
import { ApprovalError, type ApprovalErrorCode } from '../../../approval/errors.ts';

/** A signer that lives in memory, and the trust root that fits it. */
export function keyPair(id: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = { id, name: id, sign: async (message: Uint8Array) => sign(null, message, privateKey) };
  return { signer, root: { id, key: publicKey } };
}

export const trusting = (...keys: readonly VerificationKey[]) => new Map(keys.map((key) => [key.id, key]));

export function refused(code: ApprovalErrorCode) {
  return (error: unknown) => error instanceof ApprovalError && error.code === code;
}
