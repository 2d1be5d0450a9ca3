import { hostname } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Alert } from '../wire/index.ts';
import { buildApi } from './api/app.ts';
import { type HostGuard, hostGuard, isLoopback, urlHost } from './api/host-guard.ts';
import { buildIngestSink, type IngestSink } from './bus/node.ts';
import type { GivenBusSettings, Role } from './bus/settings.ts';
import { CentralError } from './errors.ts';
import { JsonlFeed } from './feed/jsonl.ts';
import { Gate } from './ingest/gate.ts';
import { Sessions } from './ingest/sessions.ts';
import { HELLO_TIMEOUT_MS, type IngestTimes, MIN_TOKEN_CHARACTERS, PING_INTERVAL_MS } from './limits.ts';
import { type CentralLog, describeError } from './log.ts';
import { Metrics } from './metrics.ts';
import type { DatabasePlace } from './store/place.ts';
import { openStore, type Store } from './store/store.ts';

/** What every node answers. */
const STATE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/metrics']);

export interface CentralOptions {
  /** SQLite file, created with mode 0600 in a directory that exists; or a PostgreSQL database. */
  readonly databasePath: DatabasePlace;
  /** Address to listen on. Without TLS and without a login on the API: loopback unless the network is trusted. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Shared secret of the agents: at least 16 printable ASCII characters, no space. */
  readonly agentToken: string;
  /** JSON-lines file of OCSF findings; null: no feed. */
  readonly feedPath: string | null;
  readonly version: string;
  readonly log: CentralLog;
  /** Called after the commit, once for each newly stored alert, in the order of commit. */
  readonly onAlert?: (alert: Alert) => void;
  /** Milliseconds since the epoch; the system's clock where absent. */
  readonly clock?: () => number;
  /** Which parts run in this process; all of them where absent. */
  readonly roles?: readonly Role[];
  /** The bus between ingest nodes and writers; absent: alerts go straight to the database. */
  readonly bus?: GivenBusSettings;
  /** Name of this node among several. */
  readonly node?: string;
  /** For tests; the limits of the protocol where absent. */
  readonly times?: Partial<IngestTimes>;
}

export interface Central {
  /** `http://host:port` */
  readonly url: string;
  /** Stops accepting, closes agents with 1001, drains the feed, closes the database. Safe to call twice. */
  stop(): Promise<void>;
}

function checkToken(token: string): void {
  if (token.length >= MIN_TOKEN_CHARACTERS && /^[!-~]+$/.test(token)) return;
  throw new CentralError(
    'CENTRAL_TOKEN_INVALID',
    `the agents' token needs at least ${MIN_TOKEN_CHARACTERS} printable ASCII characters without spaces`,
    { hint: 'make one with: openssl rand -hex 32' },
  );
}

interface Ingest {
  readonly sessions: Sessions;
  readonly gate: Gate;
}

function buildIngest(
  options: CentralOptions,
  { intake, book, claim, onLost }: IngestSink,
  metrics: Metrics,
  allowsHost: HostGuard,
): Ingest {
  const { log, agentToken, clock = Date.now, times } = options;
  const sessions = new Sessions({
    store: book,
    intake,
    metrics,
    log,
    clock,
    times: { helloTimeoutMs: HELLO_TIMEOUT_MS, pingIntervalMs: PING_INTERVAL_MS, ...times },
    onClaim: claim,
  });
  onLost((agent) => sessions.release(agent));
  return { sessions, gate: new Gate({ agentToken, allowsHost, sessions, metrics, log, clock }) };
}

/** The sink of this node; where it cannot be built, the store is closed. */
async function openSink(
  options: CentralOptions,
  store: Store,
  metrics: Metrics,
  onCommit: () => void,
): Promise<IngestSink> {
  const { log, onAlert = () => undefined, bus, roles, node = hostname() } = options;
  try {
    return buildIngestSink({ store, metrics, log, onStored: onAlert, onCommit, bus, roles, node });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    throw code === 'EADDRINUSE'
      ? new CentralError('CENTRAL_PORT_IN_USE', `port ${port} on ${host} is in use`, {
          cause,
          hint: 'stop what listens there, or choose another port (0 takes any free one)',
        })
      : new CentralError(
          'CENTRAL_LISTEN_FAILED',
          `cannot listen on ${host}, port ${port}: ${describeError(cause)}`,
          {
            cause,
            hint: 'name an address of this host and a port above 1023',
          },
        );
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${urlHost(host)}:${bound}`;
}

/** A node without the API answers to those who watch it, and to nobody else. */
function serveStateOnly(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!STATE_PATHS.has(request.url)) await reply.code(404).send();
  });
}

/**
 * Opens central: the store, ingest and API on one port, and the feed.
 * @throws {CentralError} every code except CENTRAL_ALERT_ID_TAKEN and CENTRAL_FEED_NOT_A_FEED
 */
export async function openCentral(options: CentralOptions): Promise<Central> {
  const { host, port, log, version, feedPath } = options;
  checkToken(options.agentToken);
  const store = await openStore(options.databasePath);
  const metrics = new Metrics();
  let feed: JsonlFeed | null = null;
  const sink = await openSink(options, store, metrics, () => feed?.wake());
  const { roles } = sink;
  const path = feedPath === null || isAbsolute(feedPath) ? feedPath : resolve(feedPath);
  if (path !== null && roles.has('feeds')) feed = new JsonlFeed({ path, store, metrics, log, version });
  const allowsHost = hostGuard(host);
  const { sessions, gate } = buildIngest(options, sink, metrics, allowsHost);
  const app = buildApi({
    store,
    metrics,
    log,
    version,
    allowsHost,
    sessions: () => sessions.size,
    feed: () => feed?.status ?? null,
  });
  if (roles.has('ingest')) gate.guard(app.server);
  if (!roles.has('api')) serveStateOnly(app);
  const close = async () => {
    gate.close();
    await sessions.stop();
    await app.close();
    await sink.stop();
    await feed?.stop();
    await store.close();
  };
  let url: string;
  try {
    url = await listen(app, host, port);
  } catch (error) {
    await close();
    throw error;
  }
  if (!isLoopback(host)) log.warn('the API is open to the network without a login', { host });
  log.info('central listens', { url });
  let stopped: Promise<void> | undefined;
  return {
    url,
    stop: () => {
      stopped ??= close();
      return stopped;
    },
  };
}
