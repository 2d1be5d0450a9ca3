import { createHash, X509Certificate } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import * as z from 'zod';
import type { HelloFrame } from '../../wire/index.ts';
import { AgentError } from '../errors.ts';
import type { EnrolmentToken } from './enrolment-token.ts';

/** Milliseconds that central may take to answer. */
const TIMEOUT_MS = 10_000;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

const issuedSchema = z.object({ certificate: z.string(), ca: z.string(), expires: z.iso.datetime() });
/** A certificate as central gives it, PEM. */
export type IssuedCertificate = Readonly<z.infer<typeof issuedSchema>>;
const faultSchema = z.object({ code: z.string().max(64), message: z.string().max(500) });

/** What proves this agent to central, PEM. */
export interface TlsCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Central refused; `reason` is its code. */
export class CentralRefusal extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks central for certificates. `url` is that of the agents' listener, `wss://…`. */
export class CentralRequests {
  readonly #url: string;
  readonly #signal: AbortSignal;

  /** `signal` ends every request. */
  constructor(url: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#url = url.replace(/^ws/, 'http').replace(/\/$/, '');
  }

  /**
   * The certificate of the authority whose key the token names; nothing else is believed of the connection.
   * @throws {AgentError} AGENT_CENTRAL_NOT_PINNED
   */
  async authority({ pin }: EnrolmentToken): Promise<string> {
    const { text } = await this.#ask('GET', '/v1/ca', { rejectUnauthorized: false });
    const shown = authorityPin(text);
    if (shown === pin) return text;
    throw new AgentError('AGENT_CENTRAL_NOT_PINNED', 'central is not the one that the token was made by', {
      hint: 'check the address of central; does anything on the way replace certificates?',
    });
  }

  /** @throws {CentralRefusal} and errors of the connection */
  async enrol(
    ca: string,
    token: string,
    csr: string,
    agent: HelloFrame['agent'],
  ): Promise<IssuedCertificate> {
    return await this.#issued('/v1/enrol', { ca }, { token, csr, agent });
  }

  /** @throws {CentralRefusal} and errors of the connection */
  async renew(
    credentials: TlsCredentials,
    csr: string,
    generation: string | null,
  ): Promise<IssuedCertificate> {
    return await this.#issued('/v1/renew', credentials, { csr, generation });
  }

  async #issued(path: string, tls: RequestOptions, body: object): Promise<IssuedCertificate> {
    const { status, text } = await this.#ask('POST', path, tls, JSON.stringify(body));
    if (status === 200) return issuedSchema.parse(JSON.parse(text));
    const fault = faultSchema.safeParse(parsed(text));
    throw fault.success
      ? new CentralRefusal(fault.data.code, fault.data.message)
      : new Error(`central answered with status ${status}`);
  }

  #ask(method: string, path: string, tls: RequestOptions, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = {
        method,
        agent: false,
        minVersion: 'TLSv1.3',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]),
        ...(method === 'GET' ? {} : { headers }),
        ...tls,
      } as const;
      const asked = request(`${this.#url}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) asked.destroy(new Error('the answer of central is too long'));
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Base64url SHA-256 of the public key of an authority's certificate; null where the text is none. */
function authorityPin(pem: string): string | null {
  try {
    const certificate = new X509Certificate(pem);
    if (!certificate.ca) return null;
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('base64url');
  } catch {
    return null;
  }
}
