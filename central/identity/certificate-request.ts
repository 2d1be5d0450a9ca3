import 'reflect-metadata';
import { createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { isAgentId } from './agent-certificate.ts';
import { spkiPin } from './authority.ts';
import { IdentityRefusal } from './refusal.ts';

/** Characters of a certificate request: one of a P-256 key with a short subject has under 500. */
export const MAX_REQUEST_CHARS = 4_096;

/** What an agent asks a certificate for. */
export interface CertificateRequest {
  readonly agent: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array<ArrayBuffer>;
  /** As `spkiPin` makes it. */
  readonly key: string;
}

/**
 * Reads a PKCS #10 request (RFC 2986, PEM): an ECDSA P-256 key, its own signature, and the agent's id as the only name.
 * Extensions that it asks for are not given.
 * @throws {IdentityRefusal} csr-invalid
 */
export async function readCertificateRequest(pem: string): Promise<CertificateRequest> {
  const refuse = (why: string) => new IdentityRefusal('csr-invalid', `the certificate request ${why}`);
  if (pem.length > MAX_REQUEST_CHARS) throw refuse(`has over ${MAX_REQUEST_CHARS} characters`);
  let request: Pkcs10CertificateRequest;
  let spki: Uint8Array<ArrayBuffer>;
  let curve: string | undefined;
  try {
    request = new Pkcs10CertificateRequest(pem);
    spki = new Uint8Array(request.publicKey.rawData);
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
  } catch {
    throw refuse('is no PKCS #10 request in PEM');
  }
  if (curve !== 'prime256v1') throw refuse('is not for an ECDSA P-256 key');
  const agent = /^CN=([^,+=]*)$/.exec(request.subject)?.[1] ?? '';
  if (!isAgentId(agent)) throw refuse('does not name one agent as its subject (CN)');
  if (!(await request.verify().catch(() => false))) throw refuse('is not signed by its own key');
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return { agent, spki, key: spkiPin(key) };
}
