import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { Generations, type HelloRuling } from '../../../central/identity/generations.ts';
import { Arrivals } from '../../../central/ingest/arrivals.ts';
import { openStore, type Store } from '../../../central/store/store.ts';
import type { HelloFrame } from '../../../wire/index.ts';
import { hello, workDirectory } from '../bench.ts';
import { AGENT } from '../samples.ts';

const OTHER_MACHINE = 'cd'.repeat(32);
const idle = async () => false;
const alive = async () => true;

interface Judging {
  readonly store: Store;
  readonly arrivals: Arrivals;
  readonly cloned: string[];
  /** Judges a hello that shows this. */
  show(
    generation: string | null,
    more?: Partial<HelloFrame>,
    isHeld?: () => Promise<boolean>,
  ): Promise<HelloRuling>;
}

async function judging(context: TestContext): Promise<Judging> {
  const store = await openStore(join(workDirectory(context), 'central.db'));
  context.after(() => store.close());
  const cloned: string[] = [];
  const generations = new Generations({
    db: store.db,
    audit: new AuditLog(store.db, Date.now),
    clock: Date.now,
    onCloned: (agent) => cloned.push(agent),
  });
  const arrivals = new Arrivals({ store, generations, clock: Date.now });
  const first = hello(AGENT) as HelloFrame;
  const show: Judging['show'] = (generation, more = {}, isHeld = idle) =>
    arrivals.register({ ...first, ...more, generation }, isHeld);
  return { store, arrivals, cloned, show };
}

/** The generation of a welcome that asks for no new numbers. */
function welcomed(ruling: HelloRuling): string {
  assert.equal(ruling.kind, 'welcome');
  assert.equal(ruling.kind === 'welcome' && ruling.renumber, false);
  return ruling.kind === 'welcome' ? ruling.generation : '';
}

const isRestored = (ruling: HelloRuling) => ruling.kind === 'welcome' && ruling.renumber;

test('who shows what the last welcome gave is welcomed, on another machine as well', async (context) => {
  const { show, arrivals } = await judging(context);
  const first = welcomed(await show(null));
  await arrivals.proved(AGENT, first);
  const second = welcomed(await show(first));
  await arrivals.proved(AGENT, second);
  assert.notEqual(second, first);
  welcomed(await show(second, { machine: OTHER_MACHINE }));
});

test('a welcome that was lost on its way makes nobody a clone', async (context) => {
  const { show, arrivals } = await judging(context);
  welcomed(await show(null));
  const kept = welcomed(await show(null));
  await arrivals.proved(AGENT, kept);
  for (let lost = 0; lost < 3; lost += 1) welcomed(await show(kept, { machine: OTHER_MACHINE }, alive));
});

test('once the newer was kept, the older is that of a copy: restored on the same machine, cloned on another', async (context) => {
  const { show, arrivals, cloned, store } = await judging(context);
  const old = welcomed(await show(null));
  await arrivals.proved(AGENT, old);
  const current = welcomed(await show(old));
  await arrivals.proved(AGENT, current);
  assert.equal((await show(old, { machine: OTHER_MACHINE })).kind, 'cloned');
  assert.equal((await show(old, { machine: null })).kind, 'cloned');
  assert.equal((await show(randomBytes(16).toString('hex'), { machine: OTHER_MACHINE })).kind, 'cloned');
  assert.equal(cloned.length, 3);
  const row = await store.db.selectFrom('agents').select(['cloned', 'generation']).executeTakeFirstOrThrow();
  assert.ok(row.cloned !== null);
  assert.equal(row.generation, current, 'a clone does not move the generation of the other');
  const audited = await store.db.selectFrom('audit').select('action').execute();
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['agent.cloned'],
  );
});

test('an older copy on the same machine is a clone while the holder answers, and restored when it does not', async (context) => {
  const { show, arrivals, store } = await judging(context);
  const old = welcomed(await show(null));
  await arrivals.proved(AGENT, old);
  const current = welcomed(await show(old));
  await arrivals.proved(AGENT, current);
  assert.equal((await show(old, {}, alive)).kind, 'cloned');
  assert.ok(isRestored(await show(old)));
  assert.ok(isRestored(await show(current)), 'what was current before is an older copy now');
  const audited = await store.db.selectFrom('audit').select('action').execute();
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['agent.cloned', 'agent.restored', 'agent.restored'],
  );
});

test('where the audit log cannot be written, neither a clone nor a restored copy is noted', async (context) => {
  const { show, arrivals, store } = await judging(context);
  const old = welcomed(await show(null));
  await arrivals.proved(AGENT, old);
  const current = welcomed(await show(old));
  await arrivals.proved(AGENT, current);
  const row = () => store.db.selectFrom('agents').select(['cloned', 'generation']).executeTakeFirstOrThrow();
  await sql`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END`.execute(
    store.db,
  );
  await assert.rejects(show(old));
  await assert.rejects(show(old, { machine: OTHER_MACHINE }));
  assert.deepEqual(await row(), { cloned: null, generation: current });
  await sql`DROP TRIGGER full`.execute(store.db);
  assert.ok(isRestored(await show(old)));
});

test('a session that sends something late does not take the generation of a later one away', async (context) => {
  const { show, arrivals } = await judging(context);
  const first = welcomed(await show(null));
  const second = welcomed(await show(first));
  await arrivals.proved(AGENT, first);
  welcomed(await show(first, { machine: OTHER_MACHINE }, alive));
  await arrivals.proved(AGENT, second);
});

test('of two that show the same at once, each gets a generation of its own, and one of them is the last', async (context) => {
  const { show, arrivals } = await judging(context);
  const first = welcomed(await show(null));
  await arrivals.proved(AGENT, first);
  const rulings = await Promise.all([show(first), show(first)]);
  const given = rulings.map(welcomed);
  assert.notEqual(given[0], given[1]);
});
