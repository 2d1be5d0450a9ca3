import { databaseOf, loadCentralConfig } from '../config/config.ts';
import type { CentralConfig } from '../config/settings.ts';
import { CentralError } from '../errors.ts';
import { describeError } from '../log.ts';
import { describePlace } from '../store/place.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Check, failed, fine } from './check.ts';
import {
  authorityCheck,
  descriptorCheck,
  listenerCheck,
  permissionChecks,
  spaceChecks,
} from './place-checks.ts';
import {
  clockCheck,
  countAgents,
  databaseCheck,
  feedCheck,
  leaderCheck,
  searchCheck,
} from './store-checks.ts';

/** Looks at everything that the central of a config file lives on, beside it and without changing anything but the cache of the database. */
export async function examineCentral(file: string, clock: () => number): Promise<readonly Check[]> {
  let config: CentralConfig;
  try {
    config = loadCentralConfig(file);
  } catch (error) {
    return [failureOf('config', error, `put ${file} right`)];
  }
  const now = clock();
  const { checks, agents } = await storeChecks(config, now);
  return [
    fine('config', file),
    ...permissionChecks(config),
    ...spaceChecks(config),
    ...checks,
    authorityCheck(config, now),
    await listenerCheck(config, now),
    descriptorCheck(config, agents),
  ];
}

async function storeChecks(
  config: CentralConfig,
  now: number,
): Promise<{ readonly checks: readonly Check[]; readonly agents: number | null }> {
  let store: Store;
  let where: string;
  try {
    const place = databaseOf(config);
    where = describePlace(place);
    store = await openStore(place, 'command');
  } catch (error) {
    return { checks: [failureOf('database', error, 'see docs/errors.md')], agents: null };
  }
  try {
    const checks: Check[] = [
      await databaseCheck(store, where),
      await searchCheck(store),
      await clockCheck(store, now),
    ];
    const leader = config.feeds.length === 0 ? null : await leaderCheck(store);
    if (leader !== null) checks.push(leader);
    for (const feed of config.feeds) checks.push(await feedCheck(store, feed, now));
    return { checks, agents: await countAgents(store) };
  } catch (error) {
    return { checks: [failureOf('database', error, 'see docs/errors.md')], agents: null };
  } finally {
    await store.close();
  }
}

function failureOf(name: string, error: unknown, otherwise: string): Check {
  const fix = error instanceof CentralError ? (error.hint ?? otherwise) : otherwise;
  return failed(name, describeError(error), fix);
}
