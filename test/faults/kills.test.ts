// Kills at random moments, and cuts of the network, under load: 20 for each database here, 1,000 by `npm run faults`.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresCluster, withoutPostgres } from '../central/services/postgres.ts';
import { between, randomOf } from '../random.ts';
import { TempDirectory } from '../temp-directory.ts';
import { Field, type FieldOptions, urlFile } from './field.ts';
import { CUTS, CutNetwork, type Side, withoutNamespaces } from './network.ts';
import { type Finding, idsInFile } from './proof.ts';

const KILLS = Number(process.env['SEALWATCH_FAULTS_KILLS'] ?? 20);
const SEED = Number(process.env['SEALWATCH_FAULTS_SEED'] ?? Date.now() % 1_000_000);
const CHOSEN = process.env['SEALWATCH_FAULTS_DATABASE'];
const LOADS = 2;
/** Alerts a second of one load agent. */
const RATE = 300;
/** Milliseconds from being ready to the kill or, for some, from the start. */
const LIFE_MS = { least: 20, most: 1_500 };
const CUT_MS = { least: 100, most: 2_000 };
const WHOLE_MS = { least: 500, most: 5_000 };
/** Milliseconds for everything to arrive after the last kill; the last wait of an agent may be 30 s. */
const SETTLE_MS = 120_000;

/** Cuts the wire at random moments, on a random side, until it is over. Answers how often. */
async function cutAndMend(network: CutNetwork, random: () => number, isOver: () => boolean): Promise<number> {
  let cuts = 0;
  while (!isOver()) {
    await sleep(between(WHOLE_MS, random));
    const side: Side = random() < 0.5 ? 'central' : 'agents';
    const cut = CUTS[Math.floor(random() * CUTS.length)] ?? 'link';
    network.cut(side, cut);
    cuts += 1;
    await sleep(between(CUT_MS, random));
    network.mend(side, cut);
  }
  return cuts;
}

function table(field: Field, cuts: number, finding: Finding): readonly string[] {
  return [
    ...field.victims.map(({ name, kills }) => `kills of ${name}: ${kills}`),
    `cuts of the network: ${cuts}`,
    `alerts: ${finding.alerts}, and ${finding.own} of central itself`,
    `missing at central: ${finding.missing.length}`,
    `doubled at central: ${finding.doubled.length}`,
    ...finding.feeds.map(
      ({ name, missing, repeats }) => `feed ${name}: missing ${missing.length}, repeats ${repeats}`,
    ),
  ];
}

async function killAndProve(
  context: TestContext,
  options: Omit<FieldOptions, 'network' | 'loads' | 'rate'>,
): Promise<void> {
  const obstacle = withoutNamespaces();
  if (obstacle !== false) context.diagnostic(obstacle);
  using network = obstacle === false ? new CutNetwork() : null;
  const field = await Field.open({ ...options, network, loads: LOADS, rate: RATE });
  try {
    field.begin();
    const random = randomOf(SEED);
    const isOver = () => field.kills >= KILLS || field.victims.some(({ faults }) => faults.length > 0);
    const haunted = [
      field.central.haunt(LIFE_MS, random, isOver, () => undefined),
      ...field.agents.map((agent) => agent.haunt(LIFE_MS, random, isOver, () => field.read(agent))),
    ];
    const cutting = network === null ? 0 : cutAndMend(network, random, isOver);
    await Promise.all(haunted);
    const cuts = await cutting;
    await field.settle();
    assert.deepEqual(
      field.victims.flatMap(({ faults }) => faults),
      [],
      'nothing ended by itself',
    );
    const finding = await field.settled(SETTLE_MS);
    context.diagnostic(`seed ${SEED}`);
    for (const line of table(field, cuts, finding)) context.diagnostic(line);
    assert.deepEqual(
      field.victims.flatMap(({ faults }) => faults),
      [],
      'nothing ended by itself',
    );
    assert.ok(finding.alerts > KILLS, 'there was load');
    const said = field.victims.map(({ name, said }) => `${name}: ${said.slice(-1_000)}`).join('\n');
    assert.deepEqual(finding.missing.slice(0, 10), [], `every alert is at central\n${said}`);
    assert.deepEqual(finding.doubled.slice(0, 10), [], 'no alert is there twice');
    assert.deepEqual(finding.unknown.slice(0, 10), [], 'nothing is there that was not raised');
    for (const { name, missing } of finding.feeds) {
      assert.deepEqual(missing.slice(0, 10), [], `every alert of central went to the feed ${name}`);
    }
  } finally {
    await field.stop();
  }
}

test(`${KILLS} kills of agents and of central over SQLite lose and double nothing`, {
  skip: CHOSEN === 'postgres',
}, async (context) => {
  using directory = new TempDirectory();
  const path = directory.at('central', 'central.db');
  await killAndProve(context, { directory, stored: async () => idsInFile(path) });
});

test(`${KILLS} kills of agents and of central over PostgreSQL lose and double nothing`, {
  skip: CHOSEN === 'sqlite' || withoutPostgres(),
}, async (context) => {
  using directory = new TempDirectory();
  const cluster = await PostgresCluster.open();
  try {
    const url = await cluster.createDatabase();
    // By its socket: central has a network of its own.
    const socket = `${url.replace(/@[^/]+\//, '@localhost/')}?host=${cluster.socketDirectory}&port=${cluster.port}`;
    const stored = async () =>
      (await cluster.query('SELECT id FROM alerts', url)).map(({ id }) => String(id));
    await killAndProve(context, { directory, database: urlFile(directory, socket), stored });
  } finally {
    await cluster.destroy();
  }
});
