import type { Kysely } from 'kysely';
import { BUNDLE_KINDS, type BundleState } from '../../wire/index.ts';
import type { Metrics } from '../metrics.ts';
import type { Schema } from '../store/schema.ts';
import { ROLLOUT_STATES } from './scope.ts';

/** A code as agents of ours tell it; what another one tells is counted as `other`. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Adds the gauges of rollouts and bundles. What there is none of is told as 0, so that a graph of it falls. */
export function watchBundles(metrics: Metrics, db: Kysely<Schema>): void {
  metrics.watch('sealwatch_central_rollouts', async () => {
    const rows = await db
      .selectFrom('rollouts')
      .select(['state as label', ({ fn }) => fn.countAll().as('n')])
      .groupBy('state')
      .execute();
    return counted(ROLLOUT_STATES, rows);
  });
  metrics.watch('sealwatch_central_bundles_applied', () => hostsBy(db, 'applied'));
  metrics.watch('sealwatch_central_bundles_refused', () => hostsBy(db, 'refused'));
}

/** Counts that a host refused a bundle. */
export function countRefusal(metrics: Metrics, code: string | null): void {
  const label = code !== null && CODE.test(code) ? code : 'other';
  metrics.count('sealwatch_central_bundle_refusals_total', 1, label);
}

async function hostsBy(db: Kysely<Schema>, state: BundleState): Promise<ReadonlyMap<string, number>> {
  const living = db.selectFrom('agents').select('id').where('revoked', 'is', null);
  const rows = await db
    .selectFrom('bundle_states')
    .select(['kind as label', ({ fn }) => fn.countAll().as('n')])
    .where('state', '=', state)
    .where('agent', 'in', living)
    .groupBy('kind')
    .execute();
  return counted(BUNDLE_KINDS, rows);
}

function counted(
  labels: readonly string[],
  rows: readonly { readonly label: string; readonly n: unknown }[],
): ReadonlyMap<string, number> {
  return new Map([
    ...labels.map((label) => [label, 0] as const),
    ...rows.map(({ label, n }) => [label, Number(n)] as const),
  ]);
}
