import { type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isExposed, writeDurably } from '../../approval/index.ts';
import { AgentError } from '../errors.ts';
import type { TlsCredentials } from './central-requests.ts';
import { type KeyKeeper, keyFile, textOf } from './key-keeper.ts';
import { hasTpm, sealedKey, type TpmOptions } from './sealed-key.ts';

const AUTHORITY_FILE = 'ca.pem';

/** A certificate that is kept, with what is read of it. */
export interface KeptCertificate {
  readonly credentials: TlsCredentials;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly expires: number;
}

/** What proves this agent to central, in `enrolment/` of its state directory. Each file names the id that it is for. */
export class CredentialFiles {
  readonly #directory: string;
  readonly #tpm: TpmOptions;

  constructor(stateDir: string, tpm: TpmOptions) {
    this.#directory = join(stateDir, 'enrolment');
    this.#tpm = tpm;
  }

  /** Where the key of an id lies, or shall lie: sealed where a TPM answers, else in a file. @throws {AgentError} AGENT_CREDENTIALS_EXPOSED */
  async keeper(id: string): Promise<KeyKeeper> {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#refuseExposed();
    const plain = keyFile(join(this.#directory, `${id}.key`));
    const sealed = sealedKey(join(this.#directory, `${id}.tpm.json`), this.#tpm);
    if (textOf(join(this.#directory, `${id}.key`)) !== null) return plain;
    if (textOf(join(this.#directory, `${id}.tpm.json`)) !== null) return sealed;
    return (await hasTpm(this.#tpm)) ? sealed : plain;
  }

  /** What others could have written may have been: another key, or another central to believe. */
  #refuseExposed(): void {
    const files = readdirSync(this.#directory).map((name) => join(this.#directory, name));
    const exposed = [this.#directory, ...files].find(isExposed);
    if (exposed === undefined) return;
    throw new AgentError('AGENT_CREDENTIALS_EXPOSED', `${exposed} could have been written by others`, {
      hint: `remove ${this.#directory} and enrol this host anew`,
    });
  }

  /** The certificate of an id; null where there is none, or not of this key. */
  certificate(id: string, key: KeyObject): KeptCertificate | null {
    const cert = textOf(join(this.#directory, `${id}.pem`));
    const ca = textOf(join(this.#directory, AUTHORITY_FILE));
    return cert === null || ca === null ? null : readCertificate(cert, ca, key);
  }

  keep(id: string, { ca, cert }: TlsCredentials): void {
    writeDurably(join(this.#directory, AUTHORITY_FILE), ca, 0o600);
    writeDurably(join(this.#directory, `${id}.pem`), cert, 0o600);
  }

  /** Removes what is not of this id: an identity that was given up. */
  removeOthers(id: string): void {
    for (const name of readdirSync(this.#directory)) {
      if (name !== AUTHORITY_FILE && !name.startsWith(`${id}.`))
        rmSync(join(this.#directory, name), { force: true });
    }
  }
}

/** Null where the certificate cannot be read, or is not that of the key. */
export function readCertificate(cert: string, ca: string, key: KeyObject): KeptCertificate | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return null;
  }
  if (!certificate.checkPrivateKey(key)) return null;
  const pem = String(key.export({ type: 'pkcs8', format: 'pem' }));
  return {
    credentials: { ca, cert, key: pem },
    from: certificate.validFromDate.getTime(),
    expires: certificate.validToDate.getTime(),
  };
}
