// Agents → ingest nodes → NATS → writers → PostgreSQL: parts of it are killed and frozen under load, and nobody has to help.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GivenBusSettings } from '../../central/bus/settings.ts';
import { NatsCluster, withoutNats } from '../central/services/nats.ts';
import { PostgresCluster, withoutPostgres } from '../central/services/postgres.ts';
import { TempDirectory } from '../temp-directory.ts';
import { Field, urlFile } from './field.ts';
import { resultOf } from './proof.ts';

const LOADS = 2;
/** Alerts a second of one load agent. */
const RATE = 150;
const LOAD_MS = 1_500;
const AWAY_MS = 2_500;
/** More than two pings of the client: it gives the connection up. */
const FROZEN_MS = 13_000;
/** An agent that was told that the bus is away comes back within a minute. */
const SETTLE_MS = 120_000;
/** Whether all is proved behind each fault, which takes a minute each, or only at the end. */
const PROVES_EACH = process.env['SEALWATCH_FAULTS_EACH'] !== undefined;
const MEBIBYTE = 1024 ** 2;

/** The bus as the nodes' config names it; what waits is short, so that a fault shows. */
function busOf(nats: NatsCluster, directory: TempDirectory): GivenBusSettings {
  const passwordFile = directory.at('nats.password');
  writeFileSync(passwordFile, nats.password, { mode: 0o600 });
  return {
    servers: [...nats.servers],
    user: nats.user,
    password_file: passwordFile,
    publish_wait_ms: 1_000,
    ack_wait_ms: 2_000,
    max_bytes: 600 * MEBIBYTE,
    dead_max_bytes: MEBIBYTE,
  };
}

interface Fault {
  readonly name: string;
  happen(field: Field, nats: NatsCluster): Promise<void>;
}

async function kill(field: Field, ...names: readonly string[]): Promise<void> {
  for (const name of names) await field.victim(name).kill();
  await sleep(AWAY_MS);
  for (const name of names) field.victim(name).start();
}

async function freeze(nats: NatsCluster, forMs: number): Promise<void> {
  nats.node(0).freeze();
  await sleep(forMs);
  nats.node(0).thaw();
}

const FAULTS: readonly Fault[] = [
  {
    name: 'nats-server killed',
    happen: async (_, nats) => {
      await nats.node(0).kill();
      await sleep(AWAY_MS);
      await nats.node(0).start();
    },
  },
  {
    name: 'nats-server stopped',
    happen: async (_, nats) => {
      await nats.stop();
      await sleep(AWAY_MS);
      await nats.start();
    },
  },
  { name: 'nats-server frozen for a moment', happen: (_, nats) => freeze(nats, AWAY_MS) },
  { name: 'nats-server frozen until it is given up', happen: (_, nats) => freeze(nats, FROZEN_MS) },
  { name: 'an ingest node killed', happen: (field) => kill(field, 'ingest-0') },
  { name: 'a writer killed', happen: (field) => kill(field, 'writer-0') },
  {
    name: 'nats-server, an ingest node and a writer killed together',
    happen: async (field, nats) => {
      await nats.node(0).kill();
      await kill(field, 'ingest-1', 'writer-1');
      await nats.node(0).start();
    },
  },
];

const skip = withoutNats() || withoutPostgres();

test('NATS killed and frozen, and nodes killed, under load lose nothing', { skip }, async (context) => {
  using directory = new TempDirectory();
  const cluster = await PostgresCluster.open();
  context.after(() => cluster.destroy());
  const nats = await NatsCluster.open();
  context.after(() => nats.destroy());
  const url = await cluster.createDatabase();
  const field = await Field.open({
    ...{ directory, network: null, loads: LOADS, rate: RATE, database: urlFile(directory, url) },
    bus: { settings: busOf(nats, directory), ingest: 2, writers: 2 },
    stored: async () => (await cluster.query('SELECT id FROM alerts', url)).map(({ id }) => String(id)),
  });
  try {
    await field.start();
    let before = 0;
    for (const { name, happen } of FAULTS) {
      await sleep(LOAD_MS);
      await happen(field, nats);
      if (!PROVES_EACH) continue;
      const finding = await field.recovered(SETTLE_MS);
      context.diagnostic(resultOf(name, finding));
      field.assertWhole(finding);
      assert.ok(finding.alerts > before, 'the load went on');
      before = finding.alerts;
    }
    await field.settle();
    const finding = await field.settled(SETTLE_MS);
    context.diagnostic(resultOf('all of them, at the end', finding));
    field.assertWhole(finding);
    assert.ok(finding.alerts > RATE);
  } finally {
    await field.stop();
  }
});
