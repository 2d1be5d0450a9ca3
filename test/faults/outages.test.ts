// What central lives on goes away under load, and comes back: nothing that was acknowledged is lost, and nobody has to help.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { limits } from '../../wire/index.ts';
import { connect, deliver, startCentral } from '../central/bench.ts';
import { AGENT, plainAlert } from '../central/samples.ts';
import { PostgresCluster, withoutPostgres } from '../central/services/postgres.ts';
import { between, randomOf } from '../random.ts';
import { TempDirectory } from '../temp-directory.ts';
import { Field, urlFile } from './field.ts';
import { type Finding, idsInFile, resultOf } from './proof.ts';

const DAY_MS = 24 * 3_600_000;
/** Batches between two jumps of the clock. */
const BATCHES = 5;
const ROUNDS = Number(process.env['SEALWATCH_FAULTS_ROUNDS'] ?? 2);
const LOADS = 1;
const RATE = 300;
const SETTLE_MS = 120_000;
const AWAY_MS = { least: 200, most: 2_500 };
const THERE_MS = { least: 1_000, most: 2_500 };
/** Bytes of a spool that is soon full. */
const SMALL_SPOOL_BYTES = 256 * 1024;
/** Alerts that an agent may have sent and not seen acknowledged. */
const MAX_ON_THE_WAY = limits.MAX_BATCHES_IN_FLIGHT * limits.MAX_BATCH_ALERTS;
/** Size of a disk that is filled. */
const DISK = 'size=64m';

test(`PostgreSQL stopped and killed ${ROUNDS} times under load loses nothing`, {
  skip: withoutPostgres(),
}, async (context) => {
  using directory = new TempDirectory();
  const cluster = await PostgresCluster.open();
  try {
    const url = await cluster.createDatabase();
    const stored = async () =>
      (await cluster.query('SELECT id FROM alerts', url)).map(({ id }) => String(id));
    const database = urlFile(directory, url);
    const field = await Field.open({ directory, network: null, loads: LOADS, rate: RATE, database, stored });
    try {
      await field.start();
      const random = randomOf(1);
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(between(THERE_MS, random));
        await (round % 2 === 0 ? cluster.kill() : cluster.stop());
        await sleep(between(AWAY_MS, random));
        await cluster.start();
      }
      await field.settle();
      const finding = await field.settled(SETTLE_MS);
      context.diagnostic(resultOf(`PostgreSQL killed and stopped ${ROUNDS} times`, finding));
      assert.ok(finding.alerts > RATE);
      field.assertWhole(finding);
    } finally {
      await field.stop();
    }
  } finally {
    await cluster.destroy();
  }
});

/** Takes all that is left of a file system. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) writeSync(file, block);
  } catch {
    // It is full.
  } finally {
    closeSync(file);
  }
}

/** A small file system on a directory; null where none may be mounted. */
function mountSmall(path: string): Disposable | null {
  mkdirSync(path, { mode: 0o700 });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `${DISK},mode=0700`, 'none', path]).status !== 0) return null;
  return { [Symbol.dispose]: () => void spawnSync('umount', ['-l', path]) };
}

for (const side of ['central', 'load-0'] as const) {
  test(`the disk of ${side} full under load, and free again, loses nothing`, async (context) => {
    using directory = new TempDirectory();
    const disk = directory.at(side);
    using mounted = mountSmall(disk);
    if (mounted === null) {
      context.skip('no file system may be mounted here');
      return;
    }
    const stored = async () => idsInFile(directory.at('central', 'central.db'));
    const field = await Field.open({ directory, network: null, loads: LOADS, rate: RATE, stored });
    try {
      await field.start();
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(THERE_MS.least);
        fill(join(disk, 'filler'));
        await sleep(AWAY_MS.most);
        rmSync(join(disk, 'filler'));
      }
      await sleep(THERE_MS.least);
      await field.settle();
      const finding = await field.settled(SETTLE_MS);
      context.diagnostic(resultOf(`disk of ${side} full ${ROUNDS} times`, finding));
      assert.ok(finding.alerts > RATE);
      field.assertWhole(finding);
    } finally {
      await field.stop();
    }
  });
}

test('what a full spool gives up is counted, and central is told of all of it', async (context) => {
  using directory = new TempDirectory();
  const path = directory.at('central', 'central.db');
  const stored = async () => idsInFile(path);
  const spoolBytes = SMALL_SPOOL_BYTES;
  const field = await Field.open({ directory, network: null, loads: LOADS, rate: RATE, spoolBytes, stored });
  try {
    await field.start();
    await sleep(THERE_MS.least);
    await field.central.kill();
    await sleep(2 * THERE_MS.most);
    field.central.start();
    await field.settle();
    const isToldOf = ({ missing, feeds }: Finding) =>
      missing.length > 0 &&
      missing.length <= lossesIn(path) &&
      feeds.every((feed) => feed.missing.length === 0);
    const finding = await field.settled(SETTLE_MS, isToldOf);
    const told = lossesIn(path);
    context.diagnostic(`${resultOf('spool at its cap', finding)}; ${told} told to central as given up`);
    assert.ok(finding.missing.length > 0, 'the spool was full');
    assert.ok(told >= finding.missing.length, 'no loss is hidden');
    // What was on its way when central died may be there although the agent had to give it up.
    assert.ok(told - finding.missing.length <= MAX_ON_THE_WAY);
  } finally {
    await field.stop();
  }
});

/** Alerts that agents have told central they could not carry. */
function lossesIn(path: string): number {
  const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    const rows = database.prepare<[], { lost: string }>('SELECT lost FROM agents').all();
    return rows.reduce((sum, { lost }) => sum + Number(JSON.parse(lost).spool ?? 0), 0);
  } finally {
    database.close();
  }
}

test('a clock of central that jumps back and ahead loses and deletes nothing, and cuts nobody off', async (context) => {
  using directory = new TempDirectory();
  let jumpMs = 0;
  const central = await startCentral(context, directory.path, { clock: () => Date.now() + jumpMs });
  const { link } = await connect(context, central);
  let seq = 0;
  for (const days of [0, -1, 3, -30, 0]) {
    jumpMs = days * DAY_MS;
    for (let batch = 0; batch < BATCHES; batch += 1) {
      seq += 1;
      assert.equal(await deliver(link, [plainAlert(seq)]), seq, `${days} days off`);
    }
  }
  const stored = idsInFile(directory.at('central.db')).filter((id) => id.startsWith(AGENT));
  const raised = Array.from({ length: seq }, (_, at) => plainAlert(at + 1).id);
  assert.deepEqual(stored.toSorted(), raised.toSorted());
});
