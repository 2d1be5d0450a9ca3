import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore, type Store } from '../../../central/store/store.ts';
import type { Alert } from '../../../wire/index.ts';
import { connect, deliver, get, hello, Link, startCentral, workDirectory } from '../bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { PostgresCluster, withoutPostgres } from '../services/postgres.ts';
import { coded, keep, openFor, register } from './databases.ts';

const MEGABYTE = 1024 * 1024;

/** A file system of a few megabytes; null where none may be mounted. */
function smallDisk(context: TestContext, megabytes: number): string | null {
  const path = mkdtempSync(join(tmpdir(), 'sealwatch-disk-'));
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', path]).status === 0;
  context.after(() => {
    if (isMounted) spawnSync('umount', ['-l', path]);
    rmSync(path, { recursive: true });
  });
  if (!isMounted) return null;
  chmodSync(path, 0o711);
  return path;
}

/** Alerts of about 4 KB. */
const bulky = (from: number, count: number): Alert[] =>
  Array.from({ length: count }, (_, index) =>
    plainAlert(from + index, { event: { CommandLine: 'x'.repeat(4_000) } }),
  );

/** Stores until it fails. Answers the error and what was acknowledged. */
async function fill(store: Store): Promise<{ readonly error: unknown; readonly acked: number }> {
  for (let acked = 0; ; ) {
    try {
      acked = await keep(store, bulky(acked + 1, 50));
    } catch (error) {
      return { error, acked };
    }
  }
}

async function storedRows(store: Store): Promise<number> {
  const { n } = await store.db
    .selectFrom('alerts')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return n;
}

test('SQLite on a full disk stores nothing in part, and goes on by itself once there is space', async (context) => {
  const disk = smallDisk(context, 16);
  if (disk === null) return context.skip('no file system can be mounted here');
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(6 * MEGABYTE));
  const store = await openFor(context, join(disk, 'central.db'));
  await register(store, AGENT);
  const { error, acked } = await fill(store);
  assert.ok(coded('CENTRAL_DATABASE_NOT_WRITABLE')(error), String(error));
  assert.equal(await storedRows(store), acked);
  rmSync(ballast);
  assert.equal(await keep(store, bulky(acked + 1, 50)), acked + 50);
  assert.equal(await storedRows(store), acked + 50);
});

test('an agent of a central with a full disk is told to come again, and then loses nothing', async (context) => {
  const disk = smallDisk(context, 12);
  if (disk === null) return context.skip('no file system can be mounted here');
  const ballast = join(disk, 'ballast');
  const central = await startCentral(context, workDirectory(context), {
    databasePath: join(disk, 'central.db'),
  });
  const { link } = await connect(context, central);
  writeFileSync(ballast, Buffer.alloc(8 * MEGABYTE));
  let acked = 0;
  for (;;) {
    link.send({ type: 'batch', alerts: bulky(acked + 1, 50) });
    const frame = await link.next();
    if (frame?.type !== 'ack') {
      assert.equal(frame?.type === 'refuse' ? frame.code : null, 'internal');
      break;
    }
    acked = frame.seq;
  }
  assert.equal((await link.closed).code, 1011);
  rmSync(ballast);
  const again = new Link(central.url);
  context.after(() => again.socket.terminate());
  again.send(hello());
  const welcome = await again.next();
  assert.equal(welcome?.type === 'welcome' ? welcome.acked_seq : null, acked);
  assert.equal(await deliver(again, bulky(acked + 1, 50)), acked + 50);
  const { body } = await get(central, '/metrics');
  assert.match(body, new RegExp(`^sealwatch_central_alerts_stored_total ${acked + 50}$`, 'm'));
});

test('PostgreSQL on a full disk stores nothing in part, and goes on by itself once there is space', {
  skip: withoutPostgres(),
}, async (context) => {
  const disk = smallDisk(context, 24);
  if (disk === null) return context.skip('no file system can be mounted here');
  const cluster = await PostgresCluster.open();
  context.after(() => cluster.destroy());
  const ids = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
  const space = join(disk, 'space');
  mkdirSync(space);
  chownSync(space, Number(ids.stdout), -1);
  await cluster.query(`CREATE TABLESPACE small LOCATION '${space}'`);
  await cluster.query('CREATE DATABASE small TABLESPACE small');
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(6 * MEGABYTE));
  const store = await openStore({ postgresUrl: cluster.url('small') });
  try {
    await register(store, AGENT);
    const { error, acked } = await fill(store);
    assert.ok(coded('CENTRAL_DATABASE_NOT_WRITABLE')(error), String(error));
    assert.equal(await storedRows(store), acked);
    rmSync(ballast);
    assert.equal(await keep(store, bulky(acked + 1, 50)), acked + 50);
  } finally {
    await store.close();
  }
});
