/** Characters of a token as the operator hands it out. */
const MAX_TOKEN_CHARS = 512;
/** `SECRET.PIN`; the pin is a SHA-256 in base64url. */
const TOKEN = /^([a-z]{3,8}_[0-9a-f]{16}_[A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** A token that lets this host enrol. */
export interface EnrolmentToken {
  /** Shown to central once it has proved who it is. */
  readonly secret: string;
  /** SHA-256 of the public key of central's authority, base64url. */
  readonly pin: string;
}

/** Reads a token; null where the text is none. */
export function readEnrolmentToken(text: string): EnrolmentToken | null {
  const match = text.length <= MAX_TOKEN_CHARS ? TOKEN.exec(text.trim()) : null;
  const [, secret, pin] = match ?? [];
  return secret === undefined || pin === undefined ? null : { secret, pin };
}
