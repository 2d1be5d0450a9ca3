import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A PKCS #10 request (RFC 2986, PEM) for this agent, signed by its key, an ECDSA P-256 one. */
export async function certificateRequest(agent: string, key: KeyObject): Promise<string> {
  const { subtle } = webcrypto;
  const secret = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  const open = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const keys = {
    privateKey: await subtle.importKey('pkcs8', secret, CURVE, false, ['sign']),
    publicKey: await subtle.importKey('spki', open, CURVE, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: `CN=${agent}`,
    keys,
    signingAlgorithm: SIGNATURE,
  });
  return request.toString('pem');
}
