import { DAY_MS } from '../limits.ts';
import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { standaloneIssuer, writeDurably } from '../../approval/index.ts';
import { CentralError } from '../errors.ts';

const KEY_FILE = 'ca.key';
const CERTIFICATE_FILE = 'ca.pem';
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Days that the authority's own certificate is good for. */
const AUTHORITY_DAYS = 3_650;
/** Milliseconds by which the clock of an agent may be behind ours. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** What an issued certificate is. */
export interface Issued {
  /** PEM */
  readonly certificate: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface AuthorityOptions {
  readonly directory: string;
  /** That of an authority that is there already must be the same; undefined takes what is there, or the host's name. */
  readonly trustDomain: string | undefined;
  readonly clock: () => number;
}

/**
 * Central's certificate authority: one ECDSA P-256 key that signs the certificates of agents and that of central itself.
 * The certificates follow RFC 5280 and the X.509-SVID of SPIFFE.
 */
export class Authority {
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** PEM */
  readonly certificate: string;
  /** Base64url SHA-256 of the SubjectPublicKeyInfo: what agents know the authority by before they trust it. */
  readonly pin: string;
  readonly x509: X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #clock: () => number;

  private constructor(
    certificate: string,
    key: webcrypto.CryptoKey,
    trustDomain: string,
    clock: () => number,
  ) {
    this.certificate = certificate;
    this.x509 = new X509Certificate(certificate);
    this.pin = spkiPin(this.x509.publicKey);
    this.trustDomain = trustDomain;
    this.#key = key;
    this.#clock = clock;
  }

  /** Opens the authority of a directory; makes key and certificate at the first time. @throws {CentralError} CENTRAL_AUTHORITY_UNUSABLE */
  static async open({ directory, trustDomain, clock }: AuthorityOptions): Promise<Authority> {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      chmodSync(directory, 0o700);
      const key = await openKey(join(directory, KEY_FILE));
      const path = join(directory, CERTIFICATE_FILE);
      if (!existsSync(path)) {
        const domain = trustDomain ?? standaloneIssuer(hostname()).trustDomain;
        writeDurably(path, await selfSigned(key, domain, clock()), 0o644);
      }
      const certificate = readFileSync(path, 'utf8');
      const domain = checkedDomain(certificate, key, trustDomain);
      return new Authority(certificate, await webKey(key), domain, clock);
    } catch (cause) {
      if (cause instanceof CentralError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw unusable(`the certificate authority in ${directory} cannot be used: ${reason}`, cause);
    }
  }

  /** SPIFFE ID of an agent. */
  agentUri(agent: string): string {
    return `spiffe://${this.trustDomain}/agent/${agent}`;
  }

  /** A certificate for an agent's key (SubjectPublicKeyInfo, DER), good for `lifeMs` milliseconds. */
  issueAgent(agent: string, spki: Uint8Array<ArrayBuffer>, lifeMs: number): Promise<Issued> {
    return this.#issue(spki, lifeMs, {
      subject: `CN=${agent}`,
      usage: ExtendedKeyUsage.clientAuth,
      names: [{ type: 'url', value: this.agentUri(agent) }],
    });
  }

  /** A certificate for central's own TLS key, for these DNS names and IP addresses. */
  issueServer(names: readonly string[], spki: Uint8Array<ArrayBuffer>, lifeMs: number): Promise<Issued> {
    return this.#issue(spki, lifeMs, {
      subject: 'CN=Sealwatch central',
      usage: ExtendedKeyUsage.serverAuth,
      names: names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    });
  }

  async #issue(
    spki: Uint8Array<ArrayBuffer>,
    lifeMs: number,
    { subject, usage, names }: Purpose,
  ): Promise<Issued> {
    const now = this.#clock();
    // Certificates know whole seconds.
    const expires = Math.floor((now + lifeMs) / 1_000) * 1_000;
    const certificate = await X509CertificateGenerator.create({
      publicKey: new PublicKey(spki),
      subject,
      issuer: AUTHORITY_NAME,
      notBefore: new Date(now - CLOCK_SKEW_MS),
      notAfter: new Date(expires),
      signingKey: this.#key,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension([...names]),
      ],
    });
    return {
      certificate: certificate.toString('pem'),
      serial: certificate.serialNumber.toLowerCase(),
      expires,
    };
  }
}

interface Purpose {
  readonly subject: string;
  readonly usage: ExtendedKeyUsage;
  readonly names: readonly { readonly type: 'url' | 'dns' | 'ip'; readonly value: string }[];
}

const AUTHORITY_NAME = 'CN=Sealwatch agents';

/** Base64url SHA-256 of a key's SubjectPublicKeyInfo, as in RFC 7469, section 2.4, but for the alphabet. */
export function spkiPin(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

function unusable(message: string, cause?: unknown, hint?: string): CentralError {
  return new CentralError('CENTRAL_AUTHORITY_UNUSABLE', message, {
    ...(cause === undefined ? {} : { cause }),
    hint: hint ?? 'restore the directory from a backup; a new authority means that every agent enrols anew',
  });
}

/** Reads the key, or makes one of mode 0600. */
async function openKey(path: string): Promise<KeyObject> {
  if (!existsSync(path)) {
    const { privateKey } = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
    const made = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    writeDurably(path, String(made.export({ type: 'pkcs8', format: 'pem' })), 0o600);
  }
  if ((statSync(path).mode & 0o077) !== 0)
    throw unusable(`${path} can be read by others`, undefined, `chmod 600 ${path}`);
  return createPrivateKey(readFileSync(path));
}

function webKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), CURVE, false, ['sign']);
}

async function selfSigned(key: KeyObject, trustDomain: string, now: number): Promise<string> {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const certificate = await X509CertificateGenerator.create({
    publicKey: new PublicKey(new Uint8Array(spki)),
    subject: AUTHORITY_NAME,
    issuer: AUTHORITY_NAME,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    signingKey: await webKey(key),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
    ],
  });
  return certificate.toString('pem');
}

/** The trust domain that the authority's certificate names, which must be its key's and the one that is asked for. */
function checkedDomain(pem: string, key: KeyObject, wanted: string | undefined): string {
  const certificate = new X509Certificate(pem);
  if (!certificate.checkPrivateKey(key)) throw unusable(`${CERTIFICATE_FILE} is not that of ${KEY_FILE}`);
  const domain = /^URI:spiffe:\/\/([a-z0-9._-]{1,255})$/.exec(certificate.subjectAltName ?? '')?.[1];
  if (domain === undefined) throw unusable(`${CERTIFICATE_FILE} names no trust domain`);
  if (wanted !== undefined && wanted !== domain)
    throw unusable(
      `the authority is that of the trust domain ${domain}, not of ${wanted}`,
      undefined,
      'leave trust_domain as it was, or give another directory and enrol every agent anew',
    );
  return domain;
}
