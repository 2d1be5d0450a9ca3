import type { FastifyInstance } from 'fastify';
import type { Alert } from '../wire/index.ts';
import { type ApiSettings, apiSettingsSchema } from './access/settings.ts';
import { buildCentralApi } from './api/api.ts';
import type { Api } from './api/app.ts';
import { isLoopback, urlHost } from './api/host-guard.ts';
import type { Route } from './api/route.ts';
import { AuditLog } from './audit/audit-log.ts';
import { type Bundles, openBundles } from './bundles/bundles.ts';
import type { BundleSettings } from './bundles/settings.ts';
import { rolesOf } from './bus/node.ts';
import type { GivenBusSettings, Role } from './bus/settings.ts';
import { Feeds } from './feed/feeds.ts';
import type { FeedSettings } from './feed/settings.ts';
import { Identity, type IdentityDesk } from './identity/identity.ts';
import type { IdentitySettings } from './identity/settings.ts';
import { type Ingest, openIngest } from './ingest/ingest.ts';
import type { IngestSettings } from './ingest/settings.ts';
import { listen } from './listen.ts';
import type { CentralLog } from './log.ts';
import { Metrics } from './metrics.ts';
import type { SilenceSettings } from './silence/settings.ts';
import { noteAuthor } from './store/migrations/author.ts';
import type { DatabasePlace } from './store/place.ts';
import { type RetentionSettings, retentionSettings } from './store/settings.ts';
import { openStore, type Store } from './store/store.ts';
import { startUpkeep, type Upkeep } from './store/upkeep.ts';
import { watchCentral } from './watched.ts';

/** What every node answers. */
const STATE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/metrics']);

export interface CentralOptions {
  /** SQLite file, created with mode 0600 in a directory that exists; or a PostgreSQL database. */
  readonly databasePath: DatabasePlace;
  /** How long alerts are kept; the defaults where absent. */
  readonly retention?: RetentionSettings;
  /** Address where the API listens. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** TLS and logins of the API; neither where absent. */
  readonly api?: Omit<ApiSettings, 'listen'>;
  /** What somebody without any credential is to the API; nobody where absent. */
  readonly anonymous?: 'viewer' | 'none';
  /** Where agents connect, and how they prove who they are. */
  readonly identity: IdentitySettings;
  /** Where alerts go on to. */
  readonly feeds: readonly FeedSettings[];
  readonly version: string;
  readonly log: CentralLog;
  /** Called after the commit, once for each newly stored alert, in the order of commit. */
  readonly onAlert?: (alert: Alert) => void;
  /** Milliseconds since the epoch; the system's clock where absent. */
  readonly clock?: () => number;
  /** Limits of agents' connections. */
  readonly ingest?: Partial<IngestSettings>;
  /** When agents count as silent. */
  readonly silence?: Partial<SilenceSettings>;
  /** How bundles are taken in and rolled out; none are taken in where absent. */
  readonly bundles?: BundleSettings;
  /** Directory of the rule pack, whose rules name what central sees itself; absent: it raises no alerts of its own. */
  readonly rulesDirectory?: string;
  /** Name of this node where several share a database. */
  readonly node?: string;
  /** Which parts run in this process; all of them where absent. */
  readonly roles?: readonly Role[];
  /** The bus between ingest nodes and writers; absent: alerts go straight to the database. */
  readonly bus?: GivenBusSettings;
  /** Called each time that a second holder of an agent's identity is sent away. */
  readonly onCloned?: (agent: string, detail: string) => void;
  /** Milliseconds between two looks at the age of central's own certificate; for tests. */
  readonly certificateLookMs?: number;
}

export interface Central {
  /** `http://host:port` of the API, or https. */
  readonly url: string;
  /** Every route that the API answers. */
  readonly routes: readonly Route[];
  /** `wss://host:port` of the agents; empty on a node that takes none. */
  readonly agentUrl: string;
  readonly identity: IdentityDesk;
  readonly bundles: Pick<Bundles, 'shelf' | 'rollouts'>;
  /** Stops accepting, closes agents with 1001, drains the feeds, closes the database. Safe to call twice. */
  stop(): Promise<void>;
}

async function buildIngest(
  options: CentralOptions,
  store: Store,
  metrics: Metrics,
  identity: Identity,
  bundles: Bundles,
  onCommit: () => void,
): Promise<Ingest> {
  const { log, version, onAlert = () => undefined, clock = Date.now } = options;
  const ingest = await openIngest({
    store,
    metrics,
    log,
    version,
    clock,
    monotonic: () => performance.now(),
    identity,
    settings: options.ingest,
    silence: options.silence,
    rules: options.rulesDirectory ?? null,
    node: options.node ?? 'central',
    roles: options.roles,
    bus: options.bus,
    onStored: onAlert,
    onCommit,
    onReady: bundles.onReady,
    onBundleState: bundles.onBundleState,
  });
  identity.watch((agent) => ingest.sessions.revoke(agent));
  return ingest;
}

async function openIdentity(
  options: CentralOptions,
  store: Store,
  audit: AuditLog,
  metrics: Metrics,
  onCloned: (agent: string, detail: string) => void,
): Promise<Identity> {
  const { log, identity: settings, clock = Date.now, certificateLookMs } = options;
  try {
    return await Identity.open({ settings, store, audit, metrics, log, clock, onCloned, certificateLookMs });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function openUpkeep(options: CentralOptions, store: Store, metrics: Metrics): Upkeep {
  const { log, clock = Date.now, retention: settings = retentionSettings.parse({}) } = options;
  const feeds = () => options.feeds.map((feed) => feed.name);
  return startUpkeep({ store, metrics, log, settings, feeds, clock });
}

/** Every node knows the feeds; one with their role may lead them. */
function buildFeeds(
  options: CentralOptions,
  store: Store,
  metrics: Metrics,
  roles: ReadonlySet<Role>,
): Feeds {
  const { log, version, clock = Date.now, feeds: settings, node = 'central' } = options;
  return new Feeds({ store, metrics, log, version, clock, settings, node, mayLead: roles.has('feeds') });
}

/** A node without the API answers to those who watch it, and to nobody else. */
function serveStateOnly(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!STATE_PATHS.has(request.url)) await reply.code(404).send();
  });
}

function warnOfPlainApi(host: string, log: CentralLog): void {
  if (!isLoopback(host)) log.warn('the API sends tokens and alerts over the network without TLS', { host });
}

/** What this node does; where it cannot be, the store is closed. */
async function checkRoles(options: CentralOptions, store: Store): Promise<ReadonlySet<Role>> {
  try {
    return rolesOf({ ...options, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Opens central: the store, the listener of agents, the API, and the feeds.
 * @throws {CentralError} every code except CENTRAL_ALERT_ID_TAKEN and CENTRAL_FEED_NOT_A_FEED
 */
export async function openCentral(options: CentralOptions): Promise<Central> {
  const { host, port, log, version, clock = Date.now } = options;
  const store = await openStore(options.databasePath);
  const roles = await checkRoles(options, store);
  const metrics = new Metrics();
  await noteAuthor(store.db, version);
  const audit = new AuditLog(store.db, clock);
  let ingest: Ingest | null = null;
  const identity = await openIdentity(options, store, audit, metrics, (agent, detail) => {
    ingest?.cloned(agent, detail);
    options.onCloned?.(agent, detail);
  });
  const feeds = buildFeeds(options, store, metrics, roles);
  await feeds.start();
  const upkeep = openUpkeep(options, store, metrics);
  const bundles = openBundles({
    ...{ store, audit, log, clock, metrics, identity },
    ...{ settings: options.bundles, node: options.node ?? 'central' },
    send: (agent, frame) => ingest?.sessions.send(agent, frame) ?? false,
  });
  const reception = await buildIngest(options, store, metrics, identity, bundles, () => {
    feeds.wake();
    upkeep.wake();
  });
  ingest = reception;
  const unwatch = watchCentral(metrics, { store, feeds, ingest: reception });
  let api: Api | undefined;
  const close = async () => {
    unwatch();
    await bundles.stop();
    await reception.stop();
    await identity.close();
    await api?.app.close();
    await feeds.stop();
    await upkeep.stop();
    await store.close();
  };
  const settings = options.api ?? apiSettingsSchema.parse({});
  let url: string;
  let agentUrl: string;
  try {
    api = await buildCentralApi({
      ...{ store, metrics, audit, log, version, clock, host, settings, identity, feeds },
      node: reception,
      anonymous: options.anonymous ?? 'none',
      more: bundles.routes,
    });
    if (!roles.has('api')) serveStateOnly(api.app);
    const scheme = settings.tls === undefined ? 'http' : 'https';
    url = `${scheme}://${urlHost(host)}:${await listen(api.app, host, port)}`;
    agentUrl = roles.has('ingest') ? await identity.listener.listen(reception.admission) : '';
  } catch (error) {
    await close();
    throw error;
  }
  if (settings.tls === undefined) warnOfPlainApi(host, log);
  bundles.start();
  log.info('central listens', { url, agents: agentUrl });
  let stopped: Promise<void> | undefined;
  return {
    url,
    agentUrl,
    routes: api.routes,
    identity,
    bundles,
    stop: () => {
      stopped ??= close();
      return stopped;
    },
  };
}
