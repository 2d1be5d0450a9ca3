import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { CentralError } from '../../errors.ts';
import { describeError } from '../../log.ts';
import type { HttpSettings } from '../settings.ts';
import { type TlsMaterial, tlsMaterial } from './tls.ts';

/** Bytes of an answer that are read; a longer one is cut. */
const MAX_HTTP_ANSWER_BYTES = 4 * 1024 * 1024;
/** Milliseconds that an idle connection is kept; shorter than the usual limit of servers. */
const IDLE_CONNECTION_MS = 4_000;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpPost {
  /** Appended to the path of the feed's address; empty for that itself. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function unreachable(url: string, cause: unknown): CentralError {
  if (cause instanceof CentralError) return cause;
  return new CentralError('CENTRAL_FEED_UNREACHABLE', `no answer of ${url}: ${describeError(cause)}`, {
    cause,
  });
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > MAX_HTTP_ANSWER_BYTES) {
      throw new CentralError(
        'CENTRAL_FEED_ANSWER_INVALID',
        `the answer is over ${MAX_HTTP_ANSWER_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** POSTs to one receiver over kept connections. Follows no redirect, asks no proxy. */
export class HttpClient {
  readonly #settings: HttpSettings;
  #agent: PlainAgent | TlsAgent | null = null;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
  }

  /** @throws {CentralError} CENTRAL_FEED_UNREACHABLE, _TIMEOUT, _ANSWER_INVALID, _TLS_UNUSABLE or _SECRET_UNUSABLE */
  async post({ path, headers, body }: HttpPost, signal: AbortSignal): Promise<HttpAnswer> {
    const url = new URL(this.#settings.url);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${path}` || '/';
    const agent = await this.#agentFor(url);
    const all = { 'user-agent': 'sealwatch', 'content-length': String(Buffer.byteLength(body)), ...headers };
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const request = send(url, { method: 'POST', agent, headers: all });
    return await this.#answer(request, body, signal);
  }

  async #answer(request: ClientRequest, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, timeout_seconds } = this.#settings;
    const timer = setTimeout(() => {
      const message = `no answer of ${url} within ${timeout_seconds} s`;
      request.destroy(new CentralError('CENTRAL_FEED_TIMEOUT', message));
    }, timeout_seconds * 1_000);
    const abandon = () => request.destroy(new Error('central stops'));
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    try {
      return await new Promise<HttpAnswer>((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (answer) => {
          bodyOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }), reject);
        });
        request.end(body);
      });
    } catch (error) {
      request.destroy();
      throw unreachable(url, error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
    }
  }

  async #agentFor(url: URL): Promise<PlainAgent | TlsAgent> {
    if (this.#agent !== null) return this.#agent;
    const kept = { keepAlive: true, maxSockets: 1, keepAliveMsecs: 30_000, timeout: IDLE_CONNECTION_MS };
    if (url.protocol === 'http:') {
      this.#agent = new PlainAgent(kept);
    } else {
      const material: TlsMaterial = await tlsMaterial(this.#settings.tls);
      this.#agent = new TlsAgent({ ...kept, ...material });
    }
    return this.#agent;
  }

  /** Closes the connections; the next request opens one, with the files of TLS read anew. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = null;
  }
}
