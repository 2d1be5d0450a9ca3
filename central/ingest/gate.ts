import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { limits } from '../../wire/index.ts';
import { IdentityRefusal } from '../identity/refusal.ts';
import { CLOSE_TIMEOUT_MS } from '../limits.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AgentIdentity } from './session.ts';
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
  /** Whose connection it is. @throws {IdentityRefusal} */
  readonly identify: (socket: Duplex) => Promise<AgentIdentity>;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  readonly clock: () => number;
  /** Connections at once. */
  readonly max_connections: number;
}

/** The way in for agents: decides before the upgrade, by the certificate of the connection. */
export class Gate {
  readonly #parts: GateParts;
  readonly #sockets = new WebSocketServer(SOCKET_OPTIONS);
  #open = true;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Answers the upgrades of a server. */
  guard(server: Server): void {
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  /** Refuses every upgrade from now on. */
  close(): void {
    this.#open = false;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const status = this.#refusalOf(request);
    if (status !== null) {
      this.#refuse(socket, status, 'request');
      return;
    }
    try {
      const identity = await this.#parts.identify(socket);
      if (socket.destroyed) return;
      if (this.#isFull) this.#refuse(socket, 503, 'busy');
      else
        this.#sockets.handleUpgrade(request, socket, head, (client) =>
          this.#parts.sessions.accept(client, identity),
        );
    } catch (error) {
      this.#fail(socket, error);
    }
  }

  #fail(socket: Duplex, error: unknown): void {
    if (error instanceof IdentityRefusal) {
      this.#refuse(socket, error.status, error.code);
      return;
    }
    this.#parts.log.error('an upgrade failed', { error: describeError(error) });
    this.#refuse(socket, 500, 'internal');
  }

  get #isFull(): boolean {
    return !this.#open || this.#parts.sessions.size >= this.#parts.max_connections;
  }

  /** The HTTP status of the first reason against the upgrade, beside the identity. */
  #refusalOf({ headers, url }: IncomingMessage): number | null {
    if (url !== AGENT_PATH) return 404;
    const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
    if (!offered?.includes(SUBPROTOCOL)) return 400;
    return this.#isFull ? 503 : null;
  }

  /** `reason` goes to the agent, which acts on it. */
  #refuse(socket: Duplex, status: number, reason: string): void {
    this.#parts.metrics.count('sealwatch_central_upgrades_refused_total', 1, String(status));
    const now = this.#parts.clock();
    if (now - this.#loggedAt >= REFUSAL_LOG_MS) {
      this.#loggedAt = now;
      this.#parts.log.warn('upgrade refused; more are only counted for a minute', { status, reason });
    }
    const later = status === 503 ? `Retry-After: ${RETRY_AFTER_S}\r\n` : '';
    socket.once('finish', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${later}Connection: close\r\nSealwatch-Reason: ${reason}\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}
