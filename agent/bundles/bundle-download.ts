import { request } from 'node:https';
import type { TlsCredentials } from '../enrolment/central-requests.ts';
import { AgentError } from '../errors.ts';

/** Milliseconds that a whole download may take. */
const TIMEOUT_MS = 60_000;

/** Gets the bytes of a bundle; what it gets is not believed. Ends with `signal`. */
export type FetchBundle = (sha256: string, bytes: number, signal: AbortSignal) => Promise<Buffer>;

/**
 * Fetches bundles from central as this agent: over TLS 1.3 from nobody but the pinned central, no byte more than were
 * announced, within a minute.
 * @param url `wss://` URL of central
 * @throws {AgentError} AGENT_BUNDLE_UNREACHABLE, AGENT_BUNDLE_MISMATCH
 */
export function bundleDownload(url: string, credentials: () => TlsCredentials | null): FetchBundle {
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  return (sha256, bytes, signal) => {
    const tls = credentials();
    if (tls === null) return Promise.reject(unreachable('this agent has no certificate'));
    return new Promise((resolve, reject) => {
      const options = {
        ...tls,
        agent: false,
        minVersion: 'TLSv1.3',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      } as const;
      const asked = request(`${base}/v1/bundles/${sha256}`, options, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(unreachable(`central answered with status ${response.statusCode}`));
          return;
        }
        const chunks: Buffer[] = [];
        let received = 0;
        response.on('data', (chunk: Buffer) => {
          received += chunk.length;
          chunks.push(chunk);
          if (received <= bytes) return;
          reject(mismatch(`more than the announced ${bytes} bytes came`));
          asked.destroy();
        });
        response.on('error', (error) => reject(asFault(error)));
        response.on('end', () => resolve(Buffer.concat(chunks)));
      });
      asked.on('error', (error) => reject(asFault(error)));
      asked.end();
    });
  };
}

function asFault(error: Error): AgentError {
  return error instanceof AgentError ? error : unreachable(error.message, error);
}

function unreachable(reason: string, cause?: Error): AgentError {
  return new AgentError('AGENT_BUNDLE_UNREACHABLE', `the bundle could not be fetched: ${reason}`, { cause });
}

function mismatch(reason: string): AgentError {
  return new AgentError('AGENT_BUNDLE_MISMATCH', `the bundle is not what was announced: ${reason}`);
}
