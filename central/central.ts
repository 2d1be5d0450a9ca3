import { isAbsolute, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Alert } from '../wire/index.ts';
import { buildApi } from './api/app.ts';
import { type HostGuard, hostGuard, isLoopback, urlHost } from './api/host-guard.ts';
import { CentralError } from './errors.ts';
import { JsonlFeed } from './feed/jsonl.ts';
import { Gate } from './ingest/gate.ts';
import { Intake } from './ingest/intake.ts';
import { Sessions } from './ingest/sessions.ts';
import { HELLO_TIMEOUT_MS, type IngestTimes, MIN_TOKEN_CHARACTERS, PING_INTERVAL_MS } from './limits.ts';
import { type CentralLog, describeError } from './log.ts';
import { Metrics } from './metrics.ts';
import { watchProcess } from './process-metrics.ts';
import { openStore, type Store } from './store/store.ts';

export interface CentralOptions {
  /** SQLite file; created with mode 0600 in a directory that exists. */
  readonly databasePath: string;
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
  store: Store,
  metrics: Metrics,
  allowsHost: HostGuard,
  onCommit: () => void,
): Ingest {
  const { log, agentToken, onAlert = () => undefined, clock = Date.now, times } = options;
  const intake = new Intake({ store, metrics, log, onStored: onAlert, onCommit });
  const sessions = new Sessions({
    store,
    intake,
    metrics,
    log,
    clock,
    times: { helloTimeoutMs: HELLO_TIMEOUT_MS, pingIntervalMs: PING_INTERVAL_MS, ...times },
  });
  return { sessions, gate: new Gate({ agentToken, allowsHost, sessions, metrics, log, clock }) };
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

/**
 * Opens central: the store, ingest and API on one port, and the feed.
 * @throws {CentralError} every code except CENTRAL_ALERT_ID_TAKEN and CENTRAL_FEED_NOT_A_FEED
 */
export async function openCentral(options: CentralOptions): Promise<Central> {
  const { host, port, log, version, feedPath } = options;
  checkToken(options.agentToken);
  const store = await openStore(options.databasePath);
  const metrics = new Metrics();
  const path = feedPath === null || isAbsolute(feedPath) ? feedPath : resolve(feedPath);
  const feed = path === null ? null : new JsonlFeed({ path, store, metrics, log, version });
  const allowsHost = hostGuard(host);
  const { sessions, gate } = buildIngest(options, store, metrics, allowsHost, () => feed?.wake());
  const app = buildApi({
    store,
    metrics,
    log,
    version,
    allowsHost,
    feed: () => feed?.status ?? null,
  });
  gate.guard(app.server);
  const unwatch = watchProcess(metrics);
  metrics.watch('sealwatch_central_sessions', () => sessions.size);
  metrics.watch('sealwatch_central_alert_position', () => store.newestPosition());
  metrics.watch('sealwatch_central_feed_position', () =>
    feed === null ? null : new Map([['file', feed.status.position]]),
  );
  const close = async () => {
    unwatch();
    gate.close();
    await sessions.stop();
    await app.close();
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
