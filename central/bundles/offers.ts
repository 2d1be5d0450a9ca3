import type { Kysely } from 'kysely';
import {
  type AgentFrame,
  BUNDLE_KINDS,
  type BundleKind,
  type CentralFrame,
  type HelloFrame,
} from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { ownAgents } from '../store/fleet.ts';
import type { Schema } from '../store/schema.ts';
import { countRefusal } from './bundle-metrics.ts';
import { isCanary } from './fleet-health.ts';
import type { KeptRollout, Rollouts } from './rollouts.ts';
import { isInScope } from './scope.ts';

type StateFrame = Extract<AgentFrame, { type: 'bundle_state' }>;
type BundleFrame = Extract<CentralFrame, { type: 'bundle' }>;

/** Milliseconds until a bundle is offered again to a host that did not answer, or refused it. */
const OFFER_AGAIN_MS = 10 * 60_000;
/** Offers that are remembered; beyond that they are made again. */
const MAX_REMEMBERED = 100_000;

export interface OffersParts {
  readonly db: Kysely<Schema>;
  readonly log: CentralLog;
  readonly clock: () => number;
  readonly rollouts: Rollouts;
  readonly metrics: Metrics;
  /** Hands a frame to an agent; false where it is not connected here. */
  readonly send: (agent: string, frame: BundleFrame) => boolean;
}

/** Offers to connected hosts what rollouts have for them, and keeps what they say to it. */
export class Offers {
  readonly #parts: OffersParts;
  /** When a host was last offered a version: milliseconds since the epoch. */
  readonly #made = new Map<string, number>();

  constructor(parts: OffersParts) {
    this.#parts = parts;
  }

  /** A host is welcomed: what it has is noted, and what it should have is offered. */
  async greet(agent: string, { bundles }: HelloFrame): Promise<void> {
    for (const { kind } of bundles) this.#made.delete(`${agent}:${kind}`);
    await this.#noteInForce(agent, bundles);
    await this.#offerTo([agent]);
  }

  /** Offers to all hosts that are connected, as far as they are connected to this node. */
  async offerAll(): Promise<void> {
    const rows = await this.#parts.db
      .selectFrom('agents')
      .select('id')
      .where('state', '=', 'connected')
      .where('revoked', 'is', null)
      .where('id', 'not in', ownAgents(this.#parts.db))
      .execute();
    await this.#offerTo(rows.map(({ id }) => id));
  }

  /** What a host says of a bundle; of one that central does not have, nothing is kept. */
  async note(
    agent: string,
    { kind, version, state, code, message }: Omit<StateFrame, 'type'>,
  ): Promise<void> {
    const { db, log, clock, metrics } = this.#parts;
    const known = await db
      .selectFrom('bundles')
      .select('sha256')
      .where('kind', '=', kind)
      .where('version', '=', version)
      .executeTakeFirst();
    if (known === undefined) return;
    const said = { version, state, code, message, changed: new Date(clock()).toISOString() };
    await db
      .insertInto('bundle_states')
      .values({ agent, kind, ...said })
      .onConflict((conflict) =>
        conflict.columns(['agent', 'kind']).doUpdateSet(said).where('bundle_states.version', '<=', version),
      )
      .execute();
    if (state === 'refused') countRefusal(metrics, code);
    log.info('a host answered for a bundle', { agent, kind, version, state, code });
  }

  async #noteInForce(agent: string, bundles: HelloFrame['bundles']): Promise<void> {
    const rows = await this.#parts.db
      .selectFrom('bundle_states')
      .select(['kind', 'version', 'state'])
      .where('agent', '=', agent)
      .execute();
    for (const { kind, version } of bundles) {
      const row = rows.find((one) => one.kind === kind);
      if (row?.version === version && row.state === 'applied') continue;
      await this.note(agent, {
        kind,
        version,
        state: 'applied',
        code: null,
        message: 'in force at its hello',
      });
    }
  }

  async #offerTo(agents: readonly string[]): Promise<void> {
    const rollouts = await this.#parts.rollouts.offered();
    if (rollouts.length === 0 || agents.length === 0) return;
    const groups = await this.#groups(agents);
    const states = await this.#states(agents);
    for (const agent of agents) {
      for (const kind of BUNDLE_KINDS) {
        const fits = (rollout: KeptRollout) =>
          rollout.kind === kind && isFor(rollout, agent, groups.get(agent) ?? '');
        const rollout = rollouts.find(fits);
        if (rollout !== undefined) await this.#offer(agent, rollout, states.get(`${agent}:${kind}`));
      }
    }
  }

  async #offer(agent: string, { kind, version }: KeptRollout, said: Answer | undefined): Promise<void> {
    const now = this.#parts.clock();
    const isSettled = said !== undefined && said.version >= version && said.state === 'applied';
    const hasRefused = said?.version === version && said.state === 'refused';
    if (isSettled || (said !== undefined && said.version > version)) return;
    const last = Math.max(
      this.#made.get(`${agent}:${kind}:${version}`) ?? 0,
      hasRefused ? Date.parse(said.changed) : 0,
    );
    if (now - last < OFFER_AGAIN_MS) return;
    const frame = await this.#frame(kind, version);
    if (frame === null || !this.#parts.send(agent, frame)) return;
    if (this.#made.size >= MAX_REMEMBERED) this.#made.clear();
    this.#made.set(`${agent}:${kind}:${version}`, now);
  }

  async #frame(kind: BundleKind, version: number): Promise<BundleFrame | null> {
    const row = await this.#parts.db
      .selectFrom('bundles')
      .select(['sha256', 'bytes'])
      .where('kind', '=', kind)
      .where('version', '=', version)
      .executeTakeFirst();
    return row === undefined ? null : { type: 'bundle', kind, version, ...row };
  }

  async #groups(agents: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const query = this.#parts.db.selectFrom('agents').select(['id', 'grp']);
    const rows = await (agents.length === 1 ? query.where('id', '=', agents[0] ?? '') : query).execute();
    return new Map(rows.map(({ id, grp }) => [id, grp]));
  }

  async #states(agents: readonly string[]): Promise<ReadonlyMap<string, Answer>> {
    const query = this.#parts.db
      .selectFrom('bundle_states')
      .select(['agent', 'kind', 'version', 'state', 'changed']);
    const rows = await (agents.length === 1 ? query.where('agent', '=', agents[0] ?? '') : query).execute();
    return new Map(rows.map((row) => [`${row.agent}:${row.kind}`, row]));
  }

  /** Does something that nobody waits for. */
  later(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#parts.log.error(`${what} failed`, { error: describeError(error) }));
  }
}

interface Answer {
  readonly version: number;
  readonly state: string;
  readonly changed: string;
}

function isFor(rollout: KeptRollout, agent: string, group: string): boolean {
  if (!isInScope(rollout.row, group)) return false;
  return rollout.state !== 'canary' || isCanary(rollout.row, rollout.baseline, agent);
}
