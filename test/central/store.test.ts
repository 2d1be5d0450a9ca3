import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { CentralError } from '../../central/index.ts';
import { startCentral, workDirectory } from './bench.ts';

const coded = (code: string) => (error: unknown) => error instanceof CentralError && error.code === code;

test('the database is readable by its owner only, whatever it was', async (context) => {
  const directory = workDirectory(context);
  const path = join(directory, 'central.db');
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  const central = await startCentral(context, directory);
  for (const name of ['central.db', 'central.db-wal']) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
  await Promise.all([central.stop(), central.stop()]);
  await central.stop();
});

test('a second central on the same database is refused', async (context) => {
  const directory = workDirectory(context);
  await startCentral(context, directory);
  await assert.rejects(startCentral(context, directory), coded('CENTRAL_DATABASE_LOCKED'));
});

test('a database that is broken, foreign, newer or out of reach is refused with its own code', async (context) => {
  const directory = workDirectory(context);
  const path = (name: string) => join(directory, name);
  writeFileSync(path('broken.db'), 'x'.repeat(8192));
  const foreign = new SqliteDatabase(path('foreign.db'));
  foreign.exec('CREATE TABLE songs (title)');
  foreign.close();
  const first = await startCentral(context, directory, { databasePath: path('newer.db') });
  await first.stop();
  const newer = new SqliteDatabase(path('newer.db'));
  newer.pragma('user_version = 99');
  newer.close();
  mkdirSync(path('directory.db'));
  for (const [name, code] of [
    ['broken.db', 'CENTRAL_DATABASE_CORRUPT'],
    ['foreign.db', 'CENTRAL_DATABASE_CORRUPT'],
    ['newer.db', 'CENTRAL_DATABASE_TOO_NEW'],
    ['directory.db', 'CENTRAL_DATABASE_NOT_WRITABLE'],
    ['missing/central.db', 'CENTRAL_DATABASE_NOT_WRITABLE'],
  ] as const) {
    await assert.rejects(startCentral(context, directory, { databasePath: path(name) }), coded(code), name);
  }
});

test('a port in use, and an address of another host have their own codes', async (context) => {
  const directory = workDirectory(context);
  const taken = createServer().listen(0, '127.0.0.1');
  context.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(startCentral(context, directory, { port }), (error: unknown) => {
    assert.ok(coded('CENTRAL_PORT_IN_USE')(error));
    return error instanceof CentralError && error.hint !== undefined;
  });
  await assert.rejects(
    startCentral(context, directory, { host: '203.0.113.1', anonymous: 'none' }),
    coded('CENTRAL_LISTEN_FAILED'),
  );
  await startCentral(context, directory);
});
