import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { urlHost } from '../api/host-guard.ts';
import type { Admission } from '../ingest/admission.ts';
import { faultOfListen } from '../listen.ts';
import type { CentralLog } from '../log.ts';
import { type AgentRouteParts, addAgentRoutes } from './agent-routes.ts';
import { ServerCertificate, serverNames } from './server-certificate.ts';
import type { IdentitySettings } from './settings.ts';

/** Bytes of a request to enrol or renew. */
const MAX_BODY_BYTES = 16 * 1024;
/** Milliseconds that a client may take for the TLS handshake, and for a request. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const ENROLMENT_TIMEOUT_MS = 10_000;
/** Connections that the kernel keeps until they are accepted; it caps this by net.core.somaxconn. */
const BACKLOG = 4_096;

export interface AgentListenerParts extends AgentRouteParts {
  readonly settings: Pick<IdentitySettings, 'listen' | 'names'>;
  readonly log: CentralLog;
  /** Milliseconds between two looks at the age of central's certificate. */
  readonly certificateLookMs?: number | undefined;
}

/** The TLS listener of agents. TLS 1.3 only; who shows no certificate of ours can do no more than enrol. */
export class AgentListener {
  readonly app: FastifyInstance;
  readonly #parts: AgentListenerParts;
  readonly #certificate: ServerCertificate;
  #front: Server | null = null;
  readonly #sockets = new Set<Socket>();

  private constructor(app: FastifyInstance, parts: AgentListenerParts, certificate: ServerCertificate) {
    this.app = app;
    this.#parts = parts;
    this.#certificate = certificate;
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Not yet listening, so that routes and the way in of the protocol can be added. */
  static async build(parts: AgentListenerParts): Promise<AgentListener> {
    const { authority, settings, log, clock } = parts;
    const names = serverNames(settings.listen.host, settings.names);
    const certificate = new ServerCertificate(authority, names, log, clock);
    const app = Fastify({
      logger: false,
      // The certificate is judged by us: an expired one may still renew itself.
      https: {
        ...(await certificate.context()),
        requestCert: true,
        rejectUnauthorized: false,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      },
      forceCloseConnections: true,
      requestTimeout: ENROLMENT_TIMEOUT_MS,
      bodyLimit: MAX_BODY_BYTES,
    }) as unknown as FastifyInstance;
    addAgentRoutes(app, parts);
    return new AgentListener(app, parts, certificate);
  }

  get server(): HttpsServer {
    return this.app.server as unknown as HttpsServer;
  }

  /**
   * Accepts connections and hands each on when it is admitted; a slot is free again when a request has come over it.
   * Answers `wss://host:port`. @throws {CentralError} CENTRAL_PORT_IN_USE, CENTRAL_LISTEN_FAILED
   */
  async listen(admission: Admission): Promise<string> {
    const { host, port } = this.#parts.settings.listen;
    for (const event of ['request', 'upgrade'])
      this.server.on(event, ({ socket }: IncomingMessage) => admission.settle(socket));
    await this.app.ready();
    const start = (socket: Socket) => this.server.emit('connection', socket);
    const front = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
      admission.admit(socket, start),
    );
    this.#front = front;
    front.listen({ host, port, backlog: BACKLOG });
    try {
      await once(front, 'listening');
    } catch (cause) {
      throw faultOfListen(cause, host, port);
    }
    this.#certificate.keepFresh(this.server, this.#parts.certificateLookMs);
    const address = front.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    return `wss://${urlHost(host)}:${bound}`;
  }

  async close(): Promise<void> {
    this.#certificate.stop();
    const closed = this.app.close();
    this.#front?.close();
    // A handshake that nobody goes on with would hold the end up until its timeout.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
