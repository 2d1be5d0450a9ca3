import type { X509Certificate } from 'node:crypto';
import { type Authority, spkiPin } from './authority.ts';

/** id-kp-clientAuth, RFC 5280, section 4.2.1.12. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const AGENT_ID = '[0-9a-f]{16}';

/** What is said of an agent by a certificate that our authority signed. */
export interface AgentCertificate {
  readonly agent: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** Of its public key, as `spkiPin` makes it. */
  readonly key: string;
  /** From when to when it is good, milliseconds since the epoch; for the caller to judge. */
  readonly from: number;
  readonly expires: number;
}

/** Whether a certificate is good at a time. One that is not yet was given while the clock of central was ahead. */
export function isGoodAt(
  { from, expires }: Pick<AgentCertificate, 'from' | 'expires'>,
  now: number,
): boolean {
  return from <= now && now < expires;
}

/** The subject, as a CSR spells it and a certificate repeats it. */
export function isAgentId(text: string): boolean {
  return new RegExp(`^${AGENT_ID}$`).test(text);
}

/**
 * Reads a certificate that a TLS client has proved to hold. Null where our authority did not sign it, or
 * where it is not that of an agent; when it is good is not looked at.
 */
export function readAgentCertificate(
  certificate: X509Certificate,
  authority: Authority,
): AgentCertificate | null {
  if (certificate.ca || !certificate.checkIssued(authority.x509)) return null;
  if (!certificate.verify(authority.x509.publicKey)) return null;
  if (!(certificate.keyUsage ?? []).includes(CLIENT_AUTH)) return null;
  const agent = agentOf(certificate.subjectAltName ?? '', authority);
  if (agent === null) return null;
  return {
    agent,
    serial: certificate.serialNumber.toLowerCase(),
    key: spkiPin(certificate.publicKey),
    from: certificate.validFromDate.getTime(),
    expires: certificate.validToDate.getTime(),
  };
}

/** An X.509-SVID has exactly one URI; what we issue has no other name beside it. */
function agentOf(subjectAltName: string, authority: Authority): string | null {
  const prefix = `URI:${authority.agentUri('')}`;
  if (!subjectAltName.startsWith(prefix)) return null;
  const agent = subjectAltName.slice(prefix.length);
  return isAgentId(agent) ? agent : null;
}
