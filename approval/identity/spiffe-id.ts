import { createHash } from 'node:crypto';
import { ApprovalError } from '../errors.ts';

/** SPIFFE-ID, section 2.1: the host of a URI, in lower case. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const MAX_TRUST_DOMAIN_LENGTH = 255;
/** SPIFFE-ID, section 2.2, and short enough that four of them stay far below the 2,048 bytes of section 2.3. */
const PLAIN_SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
/** Hexadecimal digits of the digest (128 bits) that tells a replaced name from others. */
const DIGEST_DIGITS = 32;
const REPLACED_SEGMENT = new RegExp(`_[0-9a-f]{${DIGEST_DIGITS}}$`);
/** Characters of a name that are still to be read where it was replaced. */
const MAX_READABLE_LENGTH = 48;

/** In whose name tokens are issued. */
export interface Issuer {
  /** SPIFFE trust domain of the fleet, or of the host where it stands alone. */
  readonly trustDomain: string;
  readonly host: string;
}

/** Which server of which client it is. */
export interface Workload {
  readonly client: string;
  readonly server: string;
}

/**
 * The issuer of a host that belongs to no fleet: its name is its trust domain. What a host name may have and a trust domain
 * may not becomes `-`.
 */
export function standaloneIssuer(host: string): Issuer {
  const domain = host.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-');
  return { trustDomain: domain.slice(0, MAX_TRUST_DOMAIN_LENGTH) || 'localhost', host };
}

/**
 * `spiffe://<trust domain>/host/<host>`, different for different hosts whatever their names.
 * @throws {ApprovalError} `APPROVAL_TRUST_DOMAIN_INVALID`
 */
export function hostId({ trustDomain, host }: Issuer): string {
  if (!TRUST_DOMAIN.test(trustDomain))
    throw new ApprovalError(
      'APPROVAL_TRUST_DOMAIN_INVALID',
      `${JSON.stringify(trustDomain.slice(0, 64))} is no trust domain`,
      {
        hint: 'up to 255 lower-case letters, digits, dots, dashes and underscores',
      },
    );
  return `spiffe://${trustDomain}/host/${pathSegment(host)}`;
}

/**
 * The id of a host followed by `/client/<client>/server/<server>`, at most 529 bytes, different for different workloads
 * whatever their names.
 */
export function workloadId(host: string, { client, server }: Workload): string {
  return `${host}/client/${pathSegment(client)}/server/${pathSegment(server)}`;
}

/**
 * A name as one segment of a path. One that is no valid segment is cut, its other characters become `_`, and its digest
 * follows; so it goes with a valid one that looks as if that had been done to it, lest two names have one segment.
 */
function pathSegment(name: string): string {
  if (PLAIN_SEGMENT.test(name) && !REPLACED_SEGMENT.test(name)) return name;
  const readable = name.slice(0, MAX_READABLE_LENGTH).replaceAll(/[^A-Za-z0-9._-]/g, '_');
  // UTF-16 keeps lone surrogates apart, which UTF-8 does not.
  const digest = createHash('sha256').update(name, 'utf16le').digest('hex').slice(0, DIGEST_DIGITS);
  return `${readable}_${digest}`;
}

/** SPIFFE-ID, sections 2.1 to 2.3. */
export function isSpiffeId(text: string): boolean {
  return (
    text.length <= 2_048 &&
    /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/.test(text)
  );
}
