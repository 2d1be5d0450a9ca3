import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { CentralError } from '../../../central/index.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import type { Alert } from '../../../wire/index.ts';
import { workDirectory } from '../bench.ts';
import { AGENT } from '../samples.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';

/** A database of one kind, empty for each test. */
interface Kind {
  readonly name: 'SQLite' | 'PostgreSQL';
  readonly skip: string | false;
  place(context: TestContext): Promise<DatabasePlace>;
}

let cluster: Promise<PostgresCluster> | undefined;
after(async () => {
  await (await cluster)?.destroy();
});

/** The cluster of this test file, started when it is first needed. */
export function sharedCluster(): Promise<PostgresCluster> {
  cluster ??= PostgresCluster.open();
  return cluster;
}

const KINDS: readonly Kind[] = [
  { name: 'SQLite', skip: false, place: async (context) => join(workDirectory(context), 'central.db') },
  {
    name: 'PostgreSQL',
    skip: withoutPostgres(),
    place: async () => ({ postgresUrl: await (await sharedCluster()).createDatabase() }),
  },
];

/** A test that runs on every database, each time with one of its own. */
export function testOnEach(
  name: string,
  run: (context: TestContext, place: DatabasePlace) => Promise<void>,
): void {
  for (const kind of KINDS) {
    test(`${kind.name}: ${name}`, { skip: kind.skip }, async (context) => {
      await run(context, await kind.place(context));
    });
  }
}

/** For `assert.rejects`: one of central's errors, with this code. */
export const coded = (code: string) => (error: unknown) =>
  error instanceof CentralError && error.code === code;

export const NOW = '2026-08-01T12:00:00.000Z';
/** A page that no test fills. */
export const PAGE = { rows: 1_000, bytes: 1_000_000 } as const;

/** An open store that is closed with the test. */
export async function openFor(context: TestContext, place: DatabasePlace): Promise<Store> {
  const store = await openStore(place);
  context.after(() => store.close());
  return store;
}

export async function register(store: Store, ...agents: readonly string[]): Promise<void> {
  for (const id of agents) {
    await store.registerAgent({ id, version: '0.1.0', host: 'build-7', os: 'Debian' }, NOW);
  }
}

/** Stores alerts of one agent, which must succeed. Answers the seq that is acknowledged. */
export async function keep(
  store: Store,
  alerts: readonly Alert[],
  agent = AGENT,
  received = NOW,
): Promise<number> {
  const [outcome] = await store.storeBatches([{ agent, alerts, received }]);
  if (outcome?.kind !== 'stored') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
  return outcome.acked;
}

export async function seqsOf(
  store: Store,
  filter: Parameters<Store['pageOfAlerts']>[0] = { after: 0 },
  order: 'oldest' | 'newest' = 'oldest',
): Promise<readonly number[]> {
  return (await store.pageOfAlerts(filter, PAGE, order)).map(({ body }) => JSON.parse(body).seq);
}
