import type { Kysely } from 'kysely';
import * as z from 'zod';
import { lossesOf, sumOfLosses } from '../ingest/losses.ts';
import { HOUR_MS } from '../limits.ts';
import { ownAgents } from '../store/fleet.ts';
import type { Schema } from '../store/schema.ts';
import type { CanaryReport, GroupHealth } from './canary-verdict.ts';
import { canaryPlace, isInScope } from './scope.ts';

/** Hosts beside the canaries that a rollout compares them with. */
const MAX_CONTROL = 1_000;
/** Ids in one query. */
const IDS_PER_QUERY = 500;
/** Milliseconds of the past that say how many alerts are usual. */
const PAST_MS = 24 * 3_600_000;
/** Least time, in milliseconds, over which a rate of alerts is taken. */
const LEAST_SPAN_MS = 10 * 60_000;
/** Share of the canaries that are there, which must have taken a bundle before it counts as tried. */
const TRIED_SHARE = 0.8;
/** Milliseconds that a host must be gone before it counts as away. */
const AWAY_MS = 60_000;

const hostSchema = z.object({ id: z.string(), canary: z.boolean(), degraded: z.boolean(), lost: z.number() });
const baselineSchema = z.object({
  /** Milliseconds since the epoch. */
  began: z.number(),
  /** Position of the newest alert then. */
  position: z.number(),
  /** Host that is the canary where the share would choose none. */
  fallback: z.string().nullable(),
  alertsPerHour: z.number(),
  hosts: z.array(hostSchema),
});
/** How canaries and others were when a rollout began. */
export type Baseline = Readonly<z.infer<typeof baselineSchema>>;
type Rollout = Pick<Schema['rollouts'], 'id' | 'kind' | 'version' | 'groups' | 'canary_percent'>;

export function baselineOf({ baseline }: Pick<Schema['rollouts'], 'baseline'>): Baseline {
  return baselineSchema.parse(JSON.parse(baseline));
}

/** Whether a host is among the canaries of a rollout; the choice never changes. */
export function isCanary(
  rollout: Pick<Schema['rollouts'], 'id' | 'canary_percent'>,
  { fallback }: Baseline,
  agent: string,
): boolean {
  return agent === fallback || canaryPlace(rollout.id, agent) < rollout.canary_percent;
}

interface HostState {
  readonly id: string;
  readonly isDegraded: boolean;
  readonly lost: number;
  readonly isAway: boolean;
  readonly isThere: boolean;
}

const SHOWN = ['id', 'grp', 'state', 'health', 'lost', 'lost_before', 'last_seen'] as const;
type Row = Pick<Record<(typeof SHOWN)[number], string>, (typeof SHOWN)[number]>;
const healthSchema = z.array(z.object({ state: z.string() }));

function stateOf({ id, state, health, lost, lost_before, last_seen }: Row, now: number): HostState {
  const parsed = healthSchema.safeParse(JSON.parse(health));
  const losses = Object.values(sumOfLosses(lossesOf(lost), lossesOf(lost_before)));
  return {
    id,
    isDegraded: parsed.success && parsed.data.some((entry) => entry.state !== 'ok'),
    lost: losses.reduce((sum, count) => sum + count, 0),
    isAway: state === 'disconnected' && Date.parse(last_seen) < now - AWAY_MS,
    isThere: state === 'connected',
  };
}

/** Reads how hosts are, for rollouts to be judged by. */
export class FleetHealth {
  readonly #db: Kysely<Schema>;
  readonly #clock: () => number;
  readonly #started: number;

  constructor(db: Kysely<Schema>, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
    this.#started = clock();
  }

  /** How the hosts in scope that are connected are now. */
  async baseline(rollout: Rollout): Promise<Baseline> {
    const began = this.#clock();
    const rows = await this.#db
      .selectFrom('agents')
      .select(SHOWN)
      .where('state', '=', 'connected')
      .where('revoked', 'is', null)
      .where('id', 'not in', ownAgents(this.#db))
      .execute();
    const placed = rows
      .filter(({ grp }) => isInScope(rollout, grp))
      .map((row) => ({ host: stateOf(row, began), place: canaryPlace(rollout.id, row.id) }))
      .sort((a, b) => a.place - b.place);
    const chosen = placed.filter(({ place }) => place < rollout.canary_percent).length;
    const canaries = rollout.canary_percent === 0 ? 0 : Math.max(chosen, Math.min(1, placed.length));
    const hosts = placed.slice(0, canaries + MAX_CONTROL).map(({ host }, index) => ({
      id: host.id,
      canary: index < canaries,
      degraded: host.isDegraded,
      lost: host.lost,
    }));
    const ids = new Set(hosts.filter(({ canary }) => canary).map(({ id }) => id));
    const fallback = chosen === 0 && canaries === 1 ? (hosts[0]?.id ?? null) : null;
    const past = await this.#alertsSince('received', new Date(began - PAST_MS).toISOString(), ids);
    const position = await this.#newestPosition();
    return { began, position, fallback, alertsPerHour: (past * HOUR_MS) / PAST_MS, hosts };
  }

  /** How canaries and others are, measured by how they were. */
  async report(rollout: Rollout, baseline: Baseline): Promise<CanaryReport> {
    const now = this.#clock();
    const states = await this.#statesOf(
      baseline.hosts.map(({ id }) => id),
      now,
    );
    const answers = await this.#answers(rollout);
    const canaries = baseline.hosts.filter(({ canary }) => canary);
    const control = baseline.hosts.filter(({ canary }) => !canary);
    const group = async (hosts: Baseline['hosts']): Promise<GroupHealth> => {
      const ids = new Set(hosts.map(({ id }) => id));
      const alerts = await this.#alertsSince('position', baseline.position, ids);
      const span = Math.max(LEAST_SPAN_MS, now - baseline.began);
      return { ...countOf(hosts, states), alerts, alertsPerHour: (alerts * HOUR_MS) / span };
    };
    const applied = answers.filter(({ state }) => state === 'applied');
    const there = canaries.filter(({ id }) => states.get(id)?.isThere === true).length;
    return {
      canaries: await group(canaries),
      control: await group(control),
      alertsPerHourBefore: baseline.alertsPerHour,
      applied: applied.length,
      refused: answers.length - applied.length,
      soakedMs: soaked(
        applied.map(({ changed }) => Date.parse(changed)),
        there,
        now,
      ),
    };
  }

  /** Hosts in scope that are connected and did not answer for this version. */
  async unanswered(rollout: Rollout): Promise<number> {
    const rows = await this.#db
      .selectFrom('agents')
      .select(['id', 'grp'])
      .where('state', '=', 'connected')
      .where('revoked', 'is', null)
      .where('id', 'not in', ownAgents(this.#db))
      .execute();
    const answered = new Set((await this.#answers(rollout)).map(({ agent }) => agent));
    return rows.filter(({ id, grp }) => isInScope(rollout, grp) && !answered.has(id)).length;
  }

  async #answers({ kind, version }: Rollout) {
    return await this.#db
      .selectFrom('bundle_states')
      .select(['agent', 'state', 'changed'])
      .where('kind', '=', kind)
      .where('version', '>=', version)
      .execute();
  }

  async #statesOf(ids: readonly string[], now: number): Promise<ReadonlyMap<string, HostState>> {
    const states = new Map<string, HostState>();
    for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
      const part = ids.slice(start, start + IDS_PER_QUERY);
      const rows = await this.#db.selectFrom('agents').select(SHOWN).where('id', 'in', part).execute();
      for (const row of rows) {
        const state = stateOf(row, now);
        // After a start of central nobody is connected for a while.
        states.set(row.id, now - this.#started < AWAY_MS ? { ...state, isAway: false } : state);
      }
    }
    return states;
  }

  async #alertsSince(
    column: 'position' | 'received',
    from: number | string,
    ids: ReadonlySet<string>,
  ): Promise<number> {
    const rows = await this.#db
      .selectFrom('alerts')
      .select(['agent', ({ fn }) => fn.countAll<number | string>().as('alerts')])
      .where(column, '>', from)
      .groupBy('agent')
      .execute();
    return rows.reduce((sum, { agent, alerts }) => sum + (ids.has(agent) ? Number(alerts) : 0), 0);
  }

  async #newestPosition(): Promise<number> {
    const row = await this.#db
      .selectFrom('alerts')
      .select('position')
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.position ?? 0;
  }
}

function countOf(hosts: Baseline['hosts'], states: ReadonlyMap<string, HostState>) {
  const count = (is: (host: Baseline['hosts'][number], state: HostState) => boolean) =>
    hosts.filter((host) => {
      const state = states.get(host.id);
      return state !== undefined && is(host, state);
    }).length;
  return {
    hosts: hosts.length,
    away: count((_, { isAway }) => isAway),
    degraded: count(({ degraded }, { isDegraded }) => isDegraded && !degraded),
    losing: count((before, { lost }) => lost > before.lost),
  };
}

/** Milliseconds since enough of the canaries that are there took the bundle; null while they have not. */
function soaked(times: readonly number[], there: number, now: number): number | null {
  const needed = Math.max(1, Math.ceil(there * TRIED_SHARE));
  const last = [...times].sort((a, b) => a - b)[needed - 1];
  return last === undefined ? null : now - last;
}
