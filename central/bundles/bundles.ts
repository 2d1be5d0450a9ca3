import { openKeyFile, type Signer } from '../../approval/index.ts';
import type { AgentFrame, CentralFrame, HelloFrame } from '../../wire/index.ts';
import type { Route } from '../api/route.ts';
import { Decisions } from '../approvals/decisions.ts';
import { ApprovalQueue } from '../approvals/queue.ts';
import { approvalRoutes } from '../approvals/routes.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { CentralError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { IdentityRefusal } from '../identity/refusal.ts';
import { Lease } from '../leadership/lease.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { BundleShelf, centralTrust } from './bundle-shelf.ts';
import { FleetHealth } from './fleet-health.ts';
import { Offers } from './offers.ts';
import { LEASE_LOOKS, Progress } from './progress.ts';
import { Rollouts } from './rollouts.ts';
import { bundleRoutes } from './routes.ts';
import { type BundleSettings, bundleSettings } from './settings.ts';

const SHA256 = /^[0-9a-f]{64}$/;

export interface BundlesParts {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly log: CentralLog;
  readonly metrics: Metrics;
  readonly clock: () => number;
  readonly settings: BundleSettings | undefined;
  /** Whose listener gives agents the bundles. */
  readonly identity: Pick<Identity, 'credentials' | 'listener'>;
  /** Name of this node where several share a database. */
  readonly node: string;
  /** Hands a frame to an agent; false where it is not connected here. */
  readonly send: (agent: string, frame: CentralFrame) => boolean;
}

/** What goes out to hosts: bundles, rollouts, and the approvals that come of what hosts ask for. */
export interface Bundles {
  readonly routes: readonly Route[];
  readonly rollouts: Rollouts;
  readonly shelf: BundleShelf;
  /** An agent is welcomed. */
  readonly onReady: (agent: string, hello: HelloFrame) => void;
  readonly onBundleState: (agent: string, frame: Extract<AgentFrame, { type: 'bundle_state' }>) => void;
  /** Begins to look after rollouts. */
  start(): void;
  stop(): Promise<void>;
}

/** Builds all of it. @throws {CentralError} CENTRAL_SIGNING_KEY_UNUSABLE, {ApprovalError} */
export function openBundles(parts: BundlesParts): Bundles {
  const { audit, log, clock, node, send, metrics } = parts;
  const settings = parts.settings ?? bundleSettings.parse({});
  const { db } = parts.store;
  const trust = () => centralTrust(settings.trust_dir);
  const shelf = new BundleShelf({ db, audit, clock, trust });
  const health = new FleetHealth(db, clock);
  const rollouts: Rollouts = new Rollouts({ db, audit, clock, health, onChange: () => progress.wake() });
  const offers = new Offers({ db, log, clock, rollouts, send, metrics });
  const lease = new Lease({
    ...{ db: parts.store.leases, duty: 'rollouts', node, monotonic: () => performance.now() },
    silentMs: parts.store.dialect === 'sqlite' ? 0 : settings.look_ms * LEASE_LOOKS,
    // Between two looks the session may be idle for so long that it is closed.
    followsSession: false,
  });
  const progress = new Progress({ settings, rollouts, health, offers, lease, log });
  const queue = new ApprovalQueue(db, clock);
  const signer = signerOf(settings);
  if (signer !== null) log.warn('central signs approvals by itself', { key: signer.id });
  const decisions = new Decisions({ db, audit, clock, queue, shelf, rollouts, trust, signer });
  addDownload(parts, shelf);
  return {
    shelf,
    rollouts,
    routes: [
      ...bundleRoutes({ shelf, rollouts }),
      ...approvalRoutes({ db, audit, queue, decisions, shelf, trust }),
    ],
    onReady: (agent, hello) => offers.later('an offer', offers.greet(agent, hello)),
    onBundleState: (agent, frame) => offers.later('noting an answer', offers.note(agent, frame)),
    start: () => progress.start(),
    stop: () => progress.stop(),
  };
}

function signerOf({ signing_key: path }: BundleSettings): Signer | null {
  if (path === undefined) return null;
  const signer = openKeyFile(path);
  if (signer !== null) return signer;
  throw new CentralError('CENTRAL_SIGNING_KEY_UNUSABLE', `there is no key at ${path}`);
}

/** Bundles are signed and hold no secret; they are for agents of this fleet all the same. */
function addDownload({ identity }: BundlesParts, shelf: BundleShelf): void {
  identity.listener.app.get<{ Params: { sha256: string } }>('/v1/bundles/:sha256', async (request, reply) => {
    await identity.credentials.identify(request.raw.socket);
    const { sha256 } = request.params;
    const text = SHA256.test(sha256) ? await shelf.textOf(sha256) : null;
    if (text === null) throw new IdentityRefusal('not-found', 'there is no such bundle');
    return reply.type('application/vnd.sealwatch.bundle').send(text);
  });
}
