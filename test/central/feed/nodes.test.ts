import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaderCheck } from '../../../central/doctor/store-checks.ts';
import { type FeedSettings, identitySettings } from '../../../central/index.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import { until, workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { Node } from '../services/node.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';
import { ids, RECEIVED, secretFile, settings } from './bench.ts';
import { HeldLine } from './held-line.ts';
import { HttpReceiver } from './receivers/http-receiver.ts';

const skip = withoutPostgres();
const ROUNDS = 2;
const BATCH_ALERTS = 10;
/** Milliseconds between two batches. */
const PACE_MS = 25;

/** A receiver, a database into which alerts come, and nodes that carry them from here to there. */
class Fleet {
  readonly receiver: HttpReceiver;
  readonly store: Store;
  readonly postgres: PostgresCluster;
  readonly database: string;
  /** Ids that arrived, and how often. */
  readonly arrived = new Map<string, number>();
  /** Cursors as they were seen, in order. */
  readonly cursors: number[] = [];
  readonly #context: TestContext;
  readonly #directory: string;
  #onArrival: (() => void) | null = null;
  #stored = 0;
  #isLoading = true;
  #load: Promise<unknown> = Promise.resolve();

  private constructor(
    context: TestContext,
    parts: Pick<Fleet, 'receiver' | 'store' | 'postgres' | 'database'>,
  ) {
    this.#context = context;
    this.#directory = workDirectory(context);
    this.receiver = parts.receiver;
    this.store = parts.store;
    this.postgres = parts.postgres;
    this.database = parts.database;
    this.receiver.reply = ({ body }) => {
      for (const { id } of JSON.parse(body).alerts) this.arrived.set(id, (this.arrived.get(id) ?? 0) + 1);
      this.#onArrival?.();
      return { status: 200 };
    };
  }

  static async open(context: TestContext): Promise<Fleet> {
    const postgres = await PostgresCluster.open();
    const database = await postgres.createDatabase();
    const receiver = await HttpReceiver.start(context, null, () => ({ status: 503 }));
    const store = await openStore({ postgresUrl: database });
    await store.registerAgent({ id: AGENT, version: '0.1.0', host: 'build-7', os: 'Debian' }, RECEIVED);
    const fleet = new Fleet(context, { receiver, store, postgres, database });
    context.after(() => fleet.#end());
    return fleet;
  }

  /** Starts a node with the role feeds; `port` where it is to reach PostgreSQL elsewhere. */
  async start(node: string, port = this.postgres.port): Promise<Node> {
    return await Node.start(this.#context, {
      databasePath: { postgresUrl: this.database.replace(`:${this.postgres.port}/`, `:${port}/`) },
      identity: identitySettings.parse({
        listen: '127.0.0.1:0',
        directory: join(this.#directory, 'authority'),
      }),
      anonymous: 'viewer',
      roles: ['feeds'],
      node,
      feeds: this.#feeds(),
    });
  }

  #feeds(): readonly FeedSettings[] {
    const secret_file = secretFile(this.#directory, 'secret', 'a-secret-of-the-tests');
    return settings({
      ...{ name: 'hook', type: 'webhook', url: this.receiver.url, allow_http: true },
      ...{ secret_file, max_alerts: BATCH_ALERTS, timeout_seconds: 2 },
    });
  }

  /** Stores alerts until `finish`, and watches the cursor. */
  load(): void {
    this.#load = Promise.all([this.#keepStoring(), this.#keepWatching()]);
  }

  /** Ends the load, and waits until the receiver has everything and the cursor is at the end. */
  async finish(): Promise<void> {
    this.#isLoading = false;
    await this.#load;
    await until(() => this.arrived.size >= this.#stored);
    await until(async () => (await this.cursor()) === (await this.store.newestPosition()));
    this.cursors.push((await this.cursor()) ?? 0);
  }

  /** Each alert at least once, none missing, none made up; and the cursor never went back. */
  assertWhole(): void {
    const sent = new Set(ids(1, this.#stored));
    const missing = [...sent].filter((id) => !this.arrived.has(id));
    const unknown = [...this.arrived.keys()].filter((id) => !sent.has(id));
    assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] });
    assert.deepEqual(
      this.cursors,
      this.cursors.toSorted((a, b) => a - b),
    );
    const repeats = [...this.arrived.values()].reduce((sum, times) => sum + times - 1, 0);
    this.#context.diagnostic(`${this.#stored} alerts, ${repeats} arrived again`);
  }

  /** Does something when the receiver has the next alerts and has not answered. */
  async amidDelivery(happen: () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onArrival = () => {
        this.#onArrival = null;
        happen();
        resolve();
      };
    });
  }

  /** Name of the node that leads, and its term. */
  async leader(): Promise<{ readonly node: string; readonly term: number } | undefined> {
    const query = this.store.db.selectFrom('leases').select(['node', 'term']).where('duty', '=', 'feeds');
    return await query.executeTakeFirst();
  }

  /** Waits until another node leads than the one that was named, and delivers. */
  async ledByOther(than: string): Promise<string> {
    await until(async () => ((await this.leader())?.node ?? than) !== than);
    const before = this.arrived.size;
    await until(() => this.arrived.size > before + 2 * BATCH_ALERTS);
    return (await this.leader())?.node ?? '';
  }

  async cursor(): Promise<number | undefined> {
    const row = await this.store.db.selectFrom('feeds').select('position').executeTakeFirst();
    return row?.position;
  }

  async #end(): Promise<void> {
    this.#isLoading = false;
    await this.#load.catch(() => undefined);
    await this.store.close();
    await this.postgres.destroy();
  }

  async #keepStoring(): Promise<void> {
    while (this.#isLoading) {
      const alerts = Array.from({ length: BATCH_ALERTS }, (_, at) => plainAlert(this.#stored + at + 1));
      await this.store.storeBatches([{ agent: AGENT, alerts, received: RECEIVED }]);
      this.#stored += BATCH_ALERTS;
      await sleep(PACE_MS);
    }
  }

  async #keepWatching(): Promise<void> {
    while (this.#isLoading) {
      this.cursors.push((await this.cursor()) ?? 0);
      await sleep(PACE_MS);
    }
  }
}

/** What a node says of its own leading: 1, 0, or undefined. */
async function leads({ url }: Node): Promise<string | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return /^sealwatch_central_leads\{duty="feeds"\} (\d)$/m.exec(text)?.[1];
}

test('when the node that runs the feeds is killed under load, another goes on and nothing is lost', {
  skip,
}, async (context) => {
  const fleet = await Fleet.open(context);
  const nodes = new Map([['one', await fleet.start('one')]]);
  nodes.set('two', await fleet.start('two'));
  fleet.load();
  let leader = await fleet.ledByOther('');
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = leader;
    await fleet.amidDelivery(() => void nodes.get(before)?.end());
    leader = await fleet.ledByOther(before);
    nodes.set(before, await fleet.start(before));
  }
  const said = await Promise.all([...nodes.values()].map(leads));
  assert.deepEqual(said.toSorted(), ['0', '1'], 'one leads');
  assert.match((await leaderCheck(fleet.store))?.detail ?? '', /^(one|two), term \d+$/);
  const before = (await fleet.leader())?.node ?? '';
  await nodes.get(before)?.end('SIGTERM');
  assert.notEqual(await fleet.ledByOther(before), '');
  await fleet.finish();
  fleet.assertWhole();
  for (const node of nodes.values()) await node.end();
  assert.equal((await leaderCheck(fleet.store))?.state, 'failed');
});

test('a node that was suspended while it ran the feeds does no harm when it comes back', {
  skip,
}, async (context) => {
  const fleet = await Fleet.open(context);
  const nodes = new Map([['one', await fleet.start('one')]]);
  nodes.set('two', await fleet.start('two'));
  fleet.load();
  let leader = await fleet.ledByOther('');
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = leader;
    const node = nodes.get(before);
    assert.ok(node !== undefined);
    await fleet.amidDelivery(() => node.suspend());
    leader = await fleet.ledByOther(before);
    node.resume();
    await until(async () => (await leads(node)) === '0');
  }
  await fleet.finish();
  fleet.assertWhole();
});

test('a cursor that a node moves too late, over a line that stood still, stays where the next node has it', {
  skip,
}, async (context) => {
  const fleet = await Fleet.open(context);
  const line = await HeldLine.open(context, fleet.postgres.port);
  const one = await fleet.start('one', line.port);
  fleet.load();
  await fleet.ledByOther('');
  line.holdAt('update "feeds" set "position"');
  await until(() => line.isHeld);
  const two = await fleet.start('two');
  assert.equal(await fleet.ledByOther('one'), 'two');
  await until(async () => ((await fleet.cursor()) ?? 0) > (fleet.cursors.at(-1) ?? 0));
  const answers = line.answers;
  line.release();
  await until(() => line.answers > answers);
  await until(async () => (await leads(one)) === '0');
  await until(async () => (await leads(two)) === '1');
  await fleet.finish();
  fleet.assertWhole();
});
