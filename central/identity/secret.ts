import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of chance in a secret. */
const SECRET_BYTES = 32;
const ID_BYTES = 8;
const SECRET = /^([a-z]{3,8})_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** What a token is for: its first letters, so that a leaked one can be recognised. */
export const SECRET_KINDS = { enrolment: 'swenrol', api: 'swapi', login: 'swlogin' } as const;
export type SecretKind = keyof typeof SECRET_KINDS;

/** A secret as it is shown once, and what is kept of it. */
export interface MadeSecret {
  readonly text: string;
  readonly id: string;
  /** SHA-256 of the whole text, hex: the secret has 256 bits of chance, so that no slow hash is needed. */
  readonly hash: string;
}

/** SHA-256 of a secret, as it is kept. */
export function hashSecret(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Makes a secret of a kind: `KIND_ID_SECRET`. */
export function makeSecret(kind: SecretKind): MadeSecret {
  const id = randomBytes(ID_BYTES).toString('hex');
  const text = `${SECRET_KINDS[kind]}_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { text, id, hash: hashSecret(text) };
}

/** Id of a secret of this kind; null where the text is none. */
export function secretId(kind: SecretKind, text: string): string | null {
  const match = SECRET.exec(text);
  return match !== null && match[1] === SECRET_KINDS[kind] ? (match[2] ?? null) : null;
}

/** Whether a text is the secret that was kept as this hash, in constant time. */
export function isSecret(text: string, hash: string): boolean {
  const shown = Buffer.from(hashSecret(text), 'hex');
  const kept = Buffer.from(hash, 'hex');
  return shown.length === kept.length && timingSafeEqual(shown, kept);
}
