import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { Generations } from '../../../central/identity/generations.ts';
import { type Arrival, Arrivals } from '../../../central/ingest/arrivals.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { openStore } from '../../../central/store/store.ts';
import type { HelloFrame } from '../../../wire/index.ts';
import { hello } from '../bench.ts';
import { testOnEach } from '../store/databases.ts';

const NOBODY = () => Promise.resolve(false);
const id = (number: number) => number.toString(16).padStart(16, '0');

async function opened(context: TestContext, place: DatabasePlace) {
  const store = await openStore(place);
  context.after(() => store.close());
  const audit = new AuditLog(store.db, Date.now);
  const generations = new Generations({ db: store.db, audit, clock: Date.now, onCloned: () => undefined });
  let transactions = 0;
  const counted = new Proxy(store.db, {
    get: (db, name) => {
      if (name === 'transaction') transactions += 1;
      const value: unknown = Reflect.get(db, name);
      return typeof value === 'function' ? value.bind(db) : value;
    },
  });
  const parts = { db: counted, dialect: store.dialect, registerAgent: store.registerAgent.bind(store) };
  const arrivals = new Arrivals({ store: parts, generations, clock: Date.now });
  return { store, arrivals, transactions: () => transactions };
}

const helloOf = (agent: string, generation: string | null = null): HelloFrame => {
  const frame = hello(agent);
  if (frame.type !== 'hello') throw new Error('no hello');
  return { ...frame, generation };
};
const generationOf = (arrival: Arrival) => (arrival.kind === 'welcome' ? arrival.generation : '');

testOnEach(
  'hellos that come together are registered together, each with a generation of its own',
  async (context, place) => {
    const { store, arrivals, transactions } = await opened(context, place);
    const fleet = Array.from({ length: 600 }, (_, number) => id(number));
    const welcomed = await Promise.all(fleet.map((agent) => arrivals.register(helloOf(agent), NOBODY)));
    assert.ok(transactions() <= 3, `${transactions()} transactions`);
    assert.equal(new Set(welcomed.map(generationOf)).size, 600);
    const rows = await store.db.selectFrom('agents').selectAll().orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ id: agent, generation }) => [agent, generation]),
      fleet.map((agent, index) => [agent, generationOf(welcomed[index] as Arrival)]),
    );
  },
);

testOnEach('an agent that comes twice at once is given two generations in turn', async (context, place) => {
  const { arrivals } = await opened(context, place);
  const [first, second] = await Promise.all([
    arrivals.register(helloOf(id(1)), NOBODY),
    arrivals.register(helloOf(id(1)), NOBODY),
  ]);
  assert.ok(first && second);
  assert.notEqual(generationOf(first), generationOf(second));
  const third = await arrivals.register(helloOf(id(1), generationOf(second)), NOBODY);
  assert.deepEqual([third.kind, 'renumber' in third && third.renumber], ['welcome', false]);
});

testOnEach(
  'a generation that was proved takes the one before away; an old one is a restored copy, or a clone',
  async (context, place) => {
    const { arrivals } = await opened(context, place);
    const first = generationOf(await arrivals.register(helloOf(id(1)), NOBODY));
    const second = generationOf(await arrivals.register(helloOf(id(1), first), NOBODY));
    const again = await arrivals.register(helloOf(id(1), first), NOBODY);
    assert.deepEqual(
      [again.kind, 'renumber' in again && again.renumber],
      ['welcome', false],
      'the answer before was lost',
    );
    await arrivals.proved(id(1), second);
    await arrivals.proved(id(1), generationOf(again));
    const restored = await arrivals.register(helloOf(id(1), first), NOBODY);
    assert.deepEqual([restored.kind, 'renumber' in restored && restored.renumber], ['welcome', true]);
    const cloned = await arrivals.register(helloOf(id(1), first), () => Promise.resolve(true));
    assert.equal(cloned.kind, 'cloned');
  },
);

testOnEach('a hello that has to be looked into holds nobody up', async (context, place) => {
  const { arrivals } = await opened(context, place);
  const first = generationOf(await arrivals.register(helloOf(id(1)), NOBODY));
  const second = generationOf(await arrivals.register(helloOf(id(1), first), NOBODY));
  await arrivals.proved(id(1), second);
  let answer: (held: boolean) => void = () => undefined;
  const asked = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  const slow = arrivals.register(helloOf(id(1), first), () => asked);
  const others = await Promise.all([2, 3].map((number) => arrivals.register(helloOf(id(number)), NOBODY)));
  assert.deepEqual(
    others.map(({ kind }) => kind),
    ['welcome', 'welcome'],
  );
  answer(true);
  assert.equal((await slow).kind, 'cloned');
});

testOnEach(
  'where the database fails, each hello fails, and the next ones are tried again',
  async (context, place) => {
    const { store, arrivals } = await opened(context, place);
    await store.db.schema.alterTable('agents').renameTo('elsewhere').execute();
    const failed = await Promise.allSettled([1, 2].map((n) => arrivals.register(helloOf(id(n)), NOBODY)));
    assert.deepEqual(
      failed.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await store.db.schema.alterTable('elsewhere').renameTo('agents').execute();
    assert.equal((await arrivals.register(helloOf(id(1)), NOBODY)).kind, 'welcome');
  },
);
