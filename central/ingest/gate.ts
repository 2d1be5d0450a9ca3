import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { limits } from '../../wire/index.ts';
import type { HostGuard } from '../api/host-guard.ts';
import { CLOSE_TIMEOUT_MS } from '../limits.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Sessions } from './sessions.ts';

export const AGENT_PATH = '/v1/agent';
export const SUBPROTOCOL = 'sealwatch.v1';
/** Milliseconds between two log lines about refused upgrades. */
const REFUSAL_LOG_MS = 60_000;

/** Pieces that one message may come in, and pieces of what was read that wait for the rest: each costs memory of its own. */
const MAX_FRAGMENTS = 256;
const MAX_BUFFERED_CHUNKS = 8_192;
/** Seconds after which an agent that was turned away may try again. */
const RETRY_AFTER_S = 30;

/** A constant of its own, since `closeTimeout` (ws 8.19) is missing from the types. */
const SOCKET_OPTIONS = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: limits.MAX_FRAME_BYTES,
  maxFragments: MAX_FRAGMENTS,
  maxBufferedChunks: MAX_BUFFERED_CHUNKS,
  closeTimeout: CLOSE_TIMEOUT_MS,
  handleProtocols: () => SUBPROTOCOL,
} as const;

interface GateParts {
  readonly agentToken: string;
  readonly allowsHost: HostGuard;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly clock: () => number;
  /** Connections at once. */
  readonly max_connections: number;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The way in for agents: decides before the upgrade, on the server that also carries the API. */
export class Gate {
  readonly #parts: GateParts;
  readonly #expected: Buffer;
  readonly #sockets = new WebSocketServer(SOCKET_OPTIONS);
  #open = true;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#expected = digest(`Bearer ${parts.agentToken}`);
  }

  /** Answers the upgrades of a server. */
  guard(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Refuses every upgrade from now on. */
  close(): void {
    this.#open = false;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const status = this.#refusalOf(request);
    if (status !== null) {
      this.#refuse(socket, status);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#parts.sessions.accept(client, null));
  }

  /** The HTTP status of the first reason against the upgrade. */
  #refusalOf(request: IncomingMessage): number | null {
    const { headers, url } = request;
    if (!this.#parts.allowsHost(headers.host)) return 421;
    if (url !== AGENT_PATH) return 404;
    if (!timingSafeEqual(digest(headers.authorization ?? ''), this.#expected)) return 401;
    const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
    if (!offered?.includes(SUBPROTOCOL)) return 400;
    if (!this.#open || this.#parts.sessions.size >= this.#parts.max_connections) return 503;
    return null;
  }

  #refuse(socket: Duplex, status: number): void {
    this.#parts.metrics.count('sealwatch_central_upgrades_refused_total', 1, String(status));
    const now = this.#parts.clock();
    if (now - this.#loggedAt >= REFUSAL_LOG_MS) {
      this.#loggedAt = now;
      this.#parts.log.warn('upgrade refused; more are only counted for a minute', { status });
    }
    const challenge = status === 401 ? 'WWW-Authenticate: Bearer\r\n' : '';
    const later = status === 503 ? `Retry-After: ${RETRY_AFTER_S}\r\n` : '';
    socket.once('finish', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${challenge}${later}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}
