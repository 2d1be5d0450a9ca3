// What central lives on goes away under load, and comes back: nothing that was acknowledged is lost, and nobody has to help.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { PostgresCluster, withoutPostgres } from '../central/services/postgres.ts';
import { between, randomOf } from '../random.ts';
import { TempDirectory } from '../temp-directory.ts';
import { Field, urlFile } from './field.ts';
import { type Finding, idsInFile } from './proof.ts';

const ROUNDS = Number(process.env['SEALWATCH_FAULTS_ROUNDS'] ?? 2);
const LOADS = 1;
const RATE = 300;
const SETTLE_MS = 180_000;
const AWAY_MS = { least: 200, most: 2_500 };
const THERE_MS = { least: 1_000, most: 2_500 };
/** Bytes of a spool that is soon full. */
const SMALL_SPOOL_BYTES = 256 * 1024;
/** Size of central's disk that is filled. */
const DISK = 'size=64m';

function assertWhole(finding: Finding, field: Field): void {
  const faults = field.victims.flatMap((victim) => victim.faults);
  assert.deepEqual(faults, [], 'nothing ended by itself');
  assert.deepEqual(finding.missing.slice(0, 10), [], `every alert is at central\n${field.central.said}`);
  assert.deepEqual(finding.doubled, []);
  for (const { name, missing } of finding.feeds) assert.deepEqual(missing.slice(0, 10), [], `feed ${name}`);
}

async function startAll(field: Field): Promise<void> {
  field.begin();
  for (const victim of field.victims) victim.start();
  for (const victim of field.victims) await victim.ready();
}

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
      await startAll(field);
      const random = randomOf(1);
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(between(THERE_MS, random));
        await (round % 2 === 0 ? cluster.kill() : cluster.stop());
        await sleep(between(AWAY_MS, random));
        await cluster.start();
      }
      field.settle();
      const finding = await field.settled(SETTLE_MS);
      context.diagnostic(`${ROUNDS} outages, ${finding.alerts} alerts, ${finding.missing.length} missing`);
      assert.ok(finding.alerts > RATE);
      assertWhole(finding, field);
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

/** A small file system on a directory until the test ends; false where none may be mounted. */
function mountSmall(context: TestContext, path: string): boolean {
  mkdirSync(path, { mode: 0o700 });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `${DISK},mode=0700`, 'none', path]).status === 0;
  if (isMounted) context.after(() => spawnSync('umount', ['-l', path]));
  return isMounted;
}

for (const side of ['central', 'load-0'] as const) {
  test(`the disk of ${side} full under load, and free again, loses nothing`, async (context) => {
    using directory = new TempDirectory();
    const disk = directory.at(side);
    if (!mountSmall(context, disk)) {
      context.skip('no file system may be mounted here');
      return;
    }
    const stored = async () => idsInFile(directory.at('central', 'central.db'));
    const field = await Field.open({ directory, network: null, loads: LOADS, rate: RATE, stored });
    try {
      await startAll(field);
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(THERE_MS.least);
        fill(join(disk, 'filler'));
        await sleep(AWAY_MS.most);
        rmSync(join(disk, 'filler'));
      }
      await sleep(THERE_MS.least);
      field.settle();
      const finding = await field.settled(SETTLE_MS);
      context.diagnostic(`${ROUNDS} times full, ${finding.alerts} alerts, ${finding.missing.length} missing`);
      assert.ok(finding.alerts > RATE);
      assertWhole(finding, field);
    } finally {
      await field.stop();
    }
  });
}

test('what a full spool gives up is counted, and central is told of exactly that much', async (context) => {
  using directory = new TempDirectory();
  const path = directory.at('central', 'central.db');
  const stored = async () => idsInFile(path);
  const spoolBytes = SMALL_SPOOL_BYTES;
  const field = await Field.open({ directory, network: null, loads: LOADS, rate: RATE, spoolBytes, stored });
  try {
    await startAll(field);
    await sleep(THERE_MS.least);
    await field.central.kill();
    await sleep(2 * THERE_MS.most);
    field.central.start();
    field.settle();
    const isToldOf = ({ missing, feeds }: Finding) =>
      missing.length > 0 &&
      missing.length === lossesIn(path) &&
      feeds.every((feed) => feed.missing.length === 0);
    const finding = await field.settled(SETTLE_MS, isToldOf);
    context.diagnostic(
      `${finding.alerts} alerts, ${finding.missing.length} given up, ${lossesIn(path)} told`,
    );
    assert.ok(finding.missing.length > 0, 'the spool was full');
    assert.equal(lossesIn(path), finding.missing.length);
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
