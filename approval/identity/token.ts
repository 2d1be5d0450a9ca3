import { type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import * as z from 'zod';
import { PROFILES } from '../../wire/index.ts';
import { isSpiffeId } from './spiffe-id.ts';

/** Seconds for which a token is good. */
export const TOKEN_LIFE_S = 300;
/** Seconds by which the clocks of two hosts may differ. */
const LEEWAY_S = 30;
/** Characters of a token; those that are issued here have fewer than 3,000. */
const MAX_TOKEN_LENGTH = 8 * 1024;

/** The one algorithm that is taken, whatever a token asks for (RFC 8037, section 3.1). */
const ALGORITHM = 'EdDSA';

/** RFC 7515, section 4.1, limited to what JWT-SVID, section 2, lets a header have. */
const headerSchema = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.literal('JWT'),
  kid: z.string().min(1).max(256),
});
const seconds = z.number().int().nonnegative();
const spiffe = z.string().refine(isSpiffeId, 'a SPIFFE ID');
/** RFC 7519, section 4.1, as JWT-SVID, section 3, wants it, and what was approved. */
const claimsSchema = z.object({
  /** SPIFFE ID of the host. */
  iss: spiffe,
  /** SPIFFE ID of the workload, which begins with that of its host. */
  sub: spiffe,
  aud: z.array(z.string()).min(1).max(16),
  iat: seconds,
  nbf: seconds,
  exp: seconds,
  jti: z.string().min(1).max(256),
  /** Digest of the closure that runs. */
  closure: z.string().max(256),
  profile: z.enum(PROFILES),
  /** That of the approval under which it runs. */
  serial: z.number().int().positive(),
});
export type IdentityClaims = Readonly<z.infer<typeof claimsSchema>>;

/** What a token states, except when and under which number. */
export interface TokenStatement {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly closure: string;
  readonly profile: IdentityClaims['profile'];
  readonly serial: number;
}

/** A key by its id. */
export interface IdentityKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** A JWT in compact serialisation (RFC 7515, section 7.1), signed with Ed25519 (RFC 8037, section 3.1). */
export function signToken(statement: TokenStatement, key: IdentityKey, nowMs: number): string {
  const now = Math.floor(nowMs / 1_000);
  const { issuer, subject, audience, closure, profile, serial } = statement;
  const claims: IdentityClaims = {
    iss: issuer,
    sub: subject,
    aud: [audience],
    iat: now,
    nbf: now,
    exp: now + TOKEN_LIFE_S,
    jti: randomUUID(),
    closure,
    profile,
    serial,
  };
  const signed = `${encode({ alg: ALGORITHM, typ: 'JWT', kid: key.id })}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

/** Why a token is not believed; the first that holds is told. */
export const TOKEN_FAULTS = [
  'malformed',
  'algorithm',
  'unknown_key',
  'signature',
  'audience',
  'expired',
  'not_yet_valid',
] as const;
export type TokenFault = (typeof TOKEN_FAULTS)[number];

export type TokenVerdict =
  | { readonly valid: true; readonly claims: IdentityClaims }
  | { readonly valid: false; readonly fault: TokenFault };

/** What a token is held against. */
export interface TokenGrounds {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly audience: string;
  readonly nowMs: number;
}

/**
 * Whether a token is signed by a known key, for this audience and now, with 30 s of leeway (RFC 7519, section 7.2).
 */
export function verifyToken(token: string, { keys, audience, nowMs }: TokenGrounds): TokenVerdict {
  const parsed = parseToken(token);
  if (typeof parsed === 'string') return refuse(parsed);
  const { kid, claims, signed, signature } = parsed;
  const key = keys.get(kid);
  if (key === undefined) return refuse('unknown_key');
  if (!verify(null, Buffer.from(signed), key, signature)) return refuse('signature');
  if (!claims.aud.includes(audience)) return refuse('audience');
  const now = nowMs / 1_000;
  if (now >= claims.exp + LEEWAY_S) return refuse('expired');
  if (now < claims.nbf - LEEWAY_S) return refuse('not_yet_valid');
  return { valid: true, claims };
}

function refuse(fault: TokenFault): TokenVerdict {
  return { valid: false, fault };
}

interface ParsedToken {
  readonly kid: string;
  readonly claims: IdentityClaims;
  /** What the signature is over. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** What a token says, which nobody has verified: for who got it from one that is trusted anyway. Null where it is none. */
export function readToken(token: string): IdentityClaims | null {
  const parsed = parseToken(token);
  return typeof parsed === 'string' ? null : parsed.claims;
}

/** The parts of a token, whose signature nobody has looked at. */
function parseToken(token: string): ParsedToken | 'malformed' | 'algorithm' {
  if (token.length > MAX_TOKEN_LENGTH) return 'malformed';
  const [head, body, end, ...rest] = token.split('.').map(decode);
  if (head == null || body == null || end == null || rest.length > 0) return 'malformed';
  const header = headerSchema.safeParse(jsonOf(head));
  if (!header.success)
    return header.error.issues.some(({ path }) => path[0] === 'alg') ? 'algorithm' : 'malformed';
  const claims = claimsSchema.safeParse(jsonOf(body));
  if (!claims.success) return 'malformed';
  const { iss, sub } = claims.data;
  if (!sub.startsWith(`${iss}/`)) return 'malformed';
  const signed = token.slice(0, token.lastIndexOf('.'));
  return { kid: header.data.kid, claims: claims.data, signed, signature: end };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Bytes of base64url without padding in its one way of writing them; null for anything else. */
function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
