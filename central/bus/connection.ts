import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { ConnectionOptions, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import { type CentralLog, describeError } from '../log.ts';
import { OTHERS } from '../store/place.ts';
import { isTlsServer, serverIdentity } from './server-identity.ts';
import type { BusSettings } from './settings.ts';
import { ensureStreams } from './streams.ts';

/** Milliseconds between attempts to reach NATS: doubled from the first to the second. */
const CONNECT_MIN_MS = 250;
const CONNECT_MAX_MS = 10_000;
/** Milliseconds between attempts of the client to get a lost connection back, and what chance adds to them. */
const RECONNECT_MS = 500;
const RECONNECT_JITTER_MS = 500;
/** Milliseconds after which a server that does not answer pings is given up: twice this at most. */
const PING_MS = 5_000;
/** Milliseconds that a request to JetStream may take. */
const REQUEST_MS = 5_000;
/** Bytes of a message's headers at most. */
const HEADER_BYTES = 64 * 1024;
/** Bytes of a file of credentials. */
const MAX_CREDENTIALS_BYTES = 64 * 1024;

/** A connection that is up, with what is made over it. */
export interface BusLink {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly newHeaders: () => MsgHdrs;
}

interface BusConnectionParts {
  readonly settings: BusSettings;
  /** Name of this node, shown by NATS. */
  readonly node: string;
  readonly log: CentralLog;
}

function readSecret(path: string): Buffer {
  try {
    const { mode, size } = statSync(path);
    if ((mode & OTHERS) !== 0) {
      throw new CentralError('CENTRAL_BUS_REFUSED', `${path} can be read by others`, {
        hint: `chmod 600 ${path}`,
      });
    }
    if (size > MAX_CREDENTIALS_BYTES) throw new CentralError('CENTRAL_BUS_REFUSED', `${path} is too large`);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof CentralError) throw cause;
    throw new CentralError('CENTRAL_BUS_REFUSED', `${path} cannot be read`, { cause });
  }
}

/** Given, the client refuses a server without TLS before it shows a secret. */
function tlsOf({ servers, ca_file: caFile }: BusSettings): Pick<ConnectionOptions, 'tls'> {
  if (caFile === undefined && !servers.some(isTlsServer)) return {};
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    minVersion: 'TLSv1.2',
    checkServerIdentity: serverIdentity(servers),
  };
  return { tls };
}

/** Loaded only where there is a bus: a central without one does not pay for the client. */
async function connectOnce({ settings, node }: BusConnectionParts): Promise<BusLink> {
  const [{ connect, credsAuthenticator, headers }, { jetstream, jetstreamManager }] = await Promise.all([
    import('@nats-io/transport-node'),
    import('@nats-io/jetstream'),
  ]);
  const { servers, creds_file: creds, user, password_file: passwordFile } = settings;
  const options: ConnectionOptions = {
    servers: [...servers],
    name: `sealwatch central ${node}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    timeout: REQUEST_MS,
    noAsyncTraces: true,
    ...tlsOf(settings),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(readSecret(creds)) }),
    ...(user === undefined || passwordFile === undefined
      ? {}
      : { user, pass: readSecret(passwordFile).toString('utf8').trim() }),
  };
  const connection = await connect(options);
  try {
    const most = connection.info?.max_payload ?? 0;
    if (most < limits.MAX_FRAME_BYTES + HEADER_BYTES) {
      throw new CentralError('CENTRAL_BUS_REFUSED', `NATS takes messages of ${most} bytes at most`, {
        hint: 'set max_payload: 8MB in the configuration of every nats-server',
      });
    }
    const manager = await jetstreamManager(connection, { timeout: REQUEST_MS, checkAPI: false });
    await ensureStreams(manager, settings);
    const stream = jetstream(connection, { timeout: REQUEST_MS });
    return { connection, stream, manager, newHeaders: headers };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The way to NATS: got in the background, and got back for ever, with bounded pauses. */
export class BusConnection {
  readonly #parts: BusConnectionParts;
  readonly #stopping = new AbortController();
  readonly #watchers = new Set<(link: BusLink) => void>();
  #link: BusLink | null = null;
  /** The client's connection, lost or not: it goes on by itself until it is closed. */
  #connection: NatsConnection | null = null;
  readonly #work: Promise<void>;

  constructor(parts: BusConnectionParts) {
    this.#parts = parts;
    this.#work = this.#keep();
  }

  /** Null while NATS cannot be reached. */
  get link(): BusLink | null {
    return this.#link;
  }

  /** Calls back now, where the bus is up, and each time that it comes back. */
  onUp(watcher: (link: BusLink) => void): void {
    this.#watchers.add(watcher);
    if (this.#link !== null) watcher(this.#link);
  }

  /** The link, waited for at most `ms` milliseconds. @throws {CentralError} CENTRAL_BUS_UNREACHABLE */
  async up(ms: number): Promise<BusLink> {
    if (this.#link !== null) return this.#link;
    return await new Promise<BusLink>((resolve, reject) => {
      const watcher = (link: BusLink) => {
        this.#watchers.delete(watcher);
        clearTimeout(timer);
        resolve(link);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(new CentralError('CENTRAL_BUS_UNREACHABLE', 'NATS cannot be reached'));
      }, ms);
      this.#watchers.add(watcher);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#connection?.close();
    await this.#work;
  }

  async #keep(): Promise<void> {
    const { log } = this.#parts;
    const { signal } = this.#stopping;
    let pause = CONNECT_MIN_MS;
    while (!signal.aborted) {
      try {
        const link = await connectOnce(this.#parts);
        pause = CONNECT_MIN_MS;
        if (signal.aborted) await link.connection.close();
        else await this.#serve(link);
      } catch (error) {
        log.error('NATS cannot be used; it is tried again', { error: describeError(error), in_ms: pause });
        await sleep(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(2 * pause, CONNECT_MAX_MS);
      }
    }
  }

  /** Follows one connection until it is closed for good. */
  async #serve(link: BusLink): Promise<void> {
    const { log, settings } = this.#parts;
    log.info('connected to NATS', { server: link.connection.getServer() });
    this.#connection = link.connection;
    this.#raise(link);
    for await (const status of link.connection.status()) {
      if (status.type === 'disconnect') {
        this.#link = null;
        log.warn('the connection to NATS is lost', { server: status.server });
      } else if (status.type === 'reconnect') {
        log.info('connected to NATS again', { server: status.server });
        // A server that lost its disk has no streams; without them nothing is taken.
        await ensureStreams(link.manager, settings).catch((error) =>
          log.warn('streams could not be looked at', { error: describeError(error) }),
        );
        if (!link.connection.isClosed()) this.#raise(link);
      }
    }
    this.#link = null;
  }

  #raise(link: BusLink): void {
    this.#link = link;
    for (const watcher of this.#watchers) watcher(link);
  }
}
