import type { Kysely, Selectable } from 'kysely';
import * as z from 'zod';
import type { BundleKind, BundleState } from '../../wire/index.ts';
import { OWN_AGENT_FACT } from '../store/fleet.ts';
import type { AgentState, Schema } from '../store/schema.ts';

const SHOWN = [
  'id',
  'host',
  'os',
  'version',
  'first_seen',
  'last_seen',
  'last_seq',
  'state',
  'grp',
  'revoked',
  'cloned',
  'waiting',
  'health',
  'lost',
  'lost_before',
] as const;
type HostRow = Pick<Selectable<Schema['agents']>, (typeof SHOWN)[number]>;

const healthText = z.array(z.object({ collector: z.string(), state: z.string(), detail: z.string() }));
const lossText = z.record(z.string(), z.number());

/** What hosts are asked for; all that is given must hold. */
export interface HostFilter {
  readonly id?: string | undefined;
  readonly state?: AgentState | undefined;
  readonly group?: string | undefined;
}

interface HostBundle {
  readonly kind: BundleKind;
  readonly version: number;
  readonly state: BundleState;
  readonly code: string | null;
  readonly message: string;
  readonly changed: string;
}

/** A host as it is shown; the agent's secrets are no part of it. */
export interface FleetHost extends Omit<HostRow, 'grp' | 'health' | 'lost' | 'lost_before'> {
  readonly group: string;
  readonly health: z.infer<typeof healthText>;
  /** What was lost by stage, in all runs of the agent. */
  readonly lost: Readonly<Record<string, number>>;
  readonly bundles: readonly HostBundle[];
}

function parsed<T extends z.ZodType>(schema: T, text: string, otherwise: z.infer<T>): z.infer<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return otherwise;
  }
}

function sumOf(...losses: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const lost of losses) {
    for (const [stage, count] of Object.entries(lost)) sums.set(stage, (sums.get(stage) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}

/** Hosts by id, `rows` of them behind `after`; central, which alerts too, is none. */
export async function pageOfHosts(
  db: Kysely<Schema>,
  after: string,
  { id, state, group }: HostFilter,
  rows: number,
): Promise<readonly FleetHost[]> {
  let query = db
    .selectFrom('agents')
    .select(SHOWN)
    .where('id', '>', after)
    .where('id', 'not in', (own) =>
      own.selectFrom('facts').select('value').where('name', 'like', `${OWN_AGENT_FACT}%`),
    );
  if (id !== undefined) query = query.where('id', '=', id);
  if (state !== undefined) query = query.where('state', '=', state);
  if (group !== undefined) query = query.where('grp', '=', group);
  const page = await query.orderBy('id').limit(rows).execute();
  const bundles = await bundlesOf(
    db,
    page.map((row) => row.id),
  );
  return page.map(({ grp, health, lost, lost_before, ...row }) => ({
    ...row,
    group: grp,
    health: parsed(healthText, health, []),
    lost: sumOf(parsed(lossText, lost_before, {}), parsed(lossText, lost, {})),
    bundles: bundles.get(row.id) ?? [],
  }));
}

async function bundlesOf(
  db: Kysely<Schema>,
  agents: readonly string[],
): Promise<ReadonlyMap<string, readonly HostBundle[]>> {
  const found = new Map<string, HostBundle[]>();
  if (agents.length === 0) return found;
  const rows = await db
    .selectFrom('bundle_states')
    .selectAll()
    .where('agent', 'in', agents)
    .orderBy('kind')
    .execute();
  for (const { agent, ...bundle } of rows) found.set(agent, [...(found.get(agent) ?? []), bundle]);
  return found;
}
