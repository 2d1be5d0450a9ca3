/** What an agent is told where it is not enrolled, renewed or let in, with the HTTP status of each. */
export const IDENTITY_REFUSALS = {
  'bad-request': 400,
  'csr-invalid': 400,
  'token-invalid': 401,
  'token-expired': 401,
  'token-revoked': 401,
  'token-used-up': 401,
  'no-certificate': 401,
  'certificate-invalid': 401,
  'certificate-expired': 401,
  revoked: 403,
  cloned: 403,
  'not-found': 404,
  'already-enrolled': 409,
  'too-large': 413,
  'too-many-requests': 429,
  internal: 500,
} as const;
export type IdentityRefusalCode = keyof typeof IDENTITY_REFUSALS;

/** A request about an identity that is refused. */
export class IdentityRefusal extends Error {
  readonly code: IdentityRefusalCode;

  constructor(code: IdentityRefusalCode, message: string) {
    super(message);
    this.code = code;
  }

  get status(): number {
    return IDENTITY_REFUSALS[this.code];
  }
}
