import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { BundleKind } from '../../wire/index.ts';
import type { AuditLog, Deed } from '../audit/audit-log.ts';
import { CentralError } from '../errors.ts';
import type { Schema } from '../store/schema.ts';
import { type Baseline, baselineOf, type FleetHealth } from './fleet-health.ts';
import { groupsOf, type RolloutState } from './scope.ts';

/** States in which a rollout is on its way. */
const ACTIVE: readonly string[] = ['canary', 'full'] satisfies readonly RolloutState[];
/** States in which what a rollout brings is offered. */
const OFFERED: readonly string[] = ['canary', 'full', 'done'] satisfies readonly RolloutState[];

export interface RolloutWish {
  readonly kind: BundleKind;
  readonly version: number;
  /** Empty for all hosts. */
  readonly groups: readonly string[];
  /** Share of hosts that get it first; 0: all at once. */
  readonly canaryPercent: number;
}

/** A rollout as it is shown. */
export interface Rollout {
  readonly id: string;
  readonly kind: BundleKind;
  readonly version: number;
  readonly groups: readonly string[];
  readonly canary_percent: number;
  readonly state: string;
  readonly started: string;
  readonly changed: string;
  readonly reason: string;
}

/** A rollout with how hosts were when it began. */
export interface KeptRollout extends Rollout {
  readonly row: Selectable<Schema['rollouts']>;
  readonly baseline: Baseline;
}

export interface RolloutsParts {
  readonly db: Kysely<Schema>;
  readonly audit: AuditLog;
  readonly clock: () => number;
  readonly health: FleetHealth;
  /** Called when what is offered has changed on this node. */
  readonly onChange: () => void;
}

/** Which bundles are on their way to which hosts. All of it lies in the database, so that any node can go on. */
export class Rollouts {
  readonly #parts: RolloutsParts;

  constructor(parts: RolloutsParts) {
    this.#parts = parts;
  }

  /**
   * Begins to roll a bundle out. Older rollouts of its kind that it covers are superseded.
   * @throws {CentralError} CENTRAL_BUNDLE_UNKNOWN, CENTRAL_ROLLOUT_OVERTAKEN where a newer version is on its way there
   */
  async start(wish: RolloutWish, actor: string): Promise<Rollout> {
    const { audit, health, onChange } = this.#parts;
    const { kind, version, groups, canaryPercent } = wish;
    await this.#requireBundle(wish);
    const started = this.#now();
    const open = {
      id: randomUUID(),
      kind,
      version,
      groups: JSON.stringify(groups),
      canary_percent: canaryPercent,
    };
    const baseline = await health.baseline(open);
    const state = canaryPercent === 0 ? 'full' : 'canary';
    const row = { ...open, state, started, changed: started, reason: '', baseline: JSON.stringify(baseline) };
    await audit.within(async (db) => {
      const reason = `by version ${version}`;
      const superseded: Deed[] = [];
      for (const { id } of await coveredBy(db, wish)) {
        if (!(await this.#change(db, id, 'superseded', reason))) continue;
        superseded.push({ actor: 'central', action: 'rollout.superseded', subject: id, detail: { reason } });
      }
      await db.insertInto('rollouts').values(row).execute();
      const detail = { kind, version, groups, canary_percent: canaryPercent };
      const start = { actor, action: 'rollout.start', subject: row.id, detail };
      return { answer: null, deed: [start, ...superseded] };
    });
    onChange();
    return shown(row);
  }

  /**
   * Stops a rollout: nobody is offered its bundle any more. Hosts that have it keep it; only a higher version replaces it.
   * False where there is none on its way.
   */
  async stop(id: string, reason: string, actor: string): Promise<boolean> {
    return await this.move(id, 'stopped', reason, actor);
  }

  /** Moves a rollout that is on its way; false where it is not, any more. */
  async move(id: string, state: RolloutState, reason: string, actor: string): Promise<boolean> {
    const { audit, onChange } = this.#parts;
    const hasMoved = await audit.within(async (db) => {
      if (!(await this.#change(db, id, state, reason))) return { answer: false, deed: null };
      const deed = { actor, action: `rollout.${state}`, subject: id, detail: { reason } };
      return { answer: true, deed };
    });
    if (hasMoved) onChange();
    return hasMoved;
  }

  async #change(db: Kysely<Schema>, id: string, state: RolloutState, reason: string): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('rollouts')
      .set({ state, reason, changed: this.#now() })
      .where('id', '=', id)
      .where('state', 'in', state === 'stopped' ? OFFERED : ACTIVE)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** All rollouts, the newest first. */
  async list(): Promise<readonly Rollout[]> {
    const rows = await this.#parts.db.selectFrom('rollouts').selectAll().orderBy('started', 'desc').execute();
    return rows.map(shown);
  }

  /** What is offered now, the newest version of each kind first. */
  async offered(): Promise<readonly KeptRollout[]> {
    const rows = await inStates(this.#parts.db, OFFERED);
    return rows.map((row) => ({ ...shown(row), row, baseline: baselineOf(row) }));
  }

  /** How many hosts took or refused a version of a kind. */
  async answers({
    kind,
    version,
  }: Pick<Rollout, 'kind' | 'version'>): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#parts.db
      .selectFrom('bundle_states')
      .select(['state', ({ fn }) => fn.countAll<number | string>().as('hosts')])
      .where('kind', '=', kind)
      .where('version', '=', version)
      .groupBy('state')
      .execute();
    return {
      applied: 0,
      refused: 0,
      ...Object.fromEntries(rows.map(({ state, hosts }) => [state, Number(hosts)])),
    };
  }

  async #requireBundle({ kind, version }: RolloutWish): Promise<void> {
    const row = await this.#parts.db
      .selectFrom('bundles')
      .select('version')
      .where('kind', '=', kind)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row !== undefined) return;
    throw new CentralError('CENTRAL_BUNDLE_UNKNOWN', `there is no bundle ${kind} ${version}`, {
      hint: 'add it first: sealwatch central bundle add FILE',
    });
  }

  #now(): string {
    return new Date(this.#parts.clock()).toISOString();
  }
}

/** The highest version first. */
async function inStates(
  db: Kysely<Schema>,
  states: readonly string[],
): Promise<readonly Selectable<Schema['rollouts']>[]> {
  return await db
    .selectFrom('rollouts')
    .selectAll()
    .where('state', 'in', states)
    .orderBy('version', 'desc')
    .execute();
}

/** Rollouts on their way whose hosts get another version now. @throws {CentralError} CENTRAL_ROLLOUT_OVERTAKEN */
async function coveredBy(
  db: Kysely<Schema>,
  { kind, version, groups }: RolloutWish,
): Promise<readonly Rollout[]> {
  const covered = (await inStates(db, ACTIVE))
    .map(shown)
    .filter((other) => other.kind === kind && covers(groups, other.groups));
  const newer = covered.find((other) => other.version > version);
  if (newer === undefined) return covered;
  throw new CentralError('CENTRAL_ROLLOUT_OVERTAKEN', `version ${newer.version} is on its way already`);
}

function covers(groups: readonly string[], others: readonly string[]): boolean {
  return groups.length === 0 || (others.length > 0 && others.every((group) => groups.includes(group)));
}

function shown(row: Selectable<Schema['rollouts']>): Rollout {
  const { id, kind, version, canary_percent, state, started, changed, reason } = row;
  return { id, kind, version, groups: groupsOf(row), canary_percent, state, started, changed, reason };
}
