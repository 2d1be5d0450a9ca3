import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { AgentError } from '../../../agent/errors.ts';
import { type AgentDatabase, Meta, openDatabase, readDatabase } from '../../../agent/state/database.ts';
import { JournalMarks } from '../../../agent/state/journal-marks.ts';
import { KeptWriters } from '../../../agent/state/kept-writers.ts';
import { MarkedServers } from '../../../agent/state/marked-servers.ts';
import { readPlaces } from '../../../agent/state/places.ts';
import { SealedCopies } from '../../../agent/state/sealed-copies.ts';
import { SnapshotStore } from '../../../agent/state/snapshot.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { alertSchema } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { draft } from '../samples.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/agent-state/', import.meta.url));

/** Versions of which a state lies there, as the programs of each wrote it. */
const VERSIONS = readdirSync(FIXTURES)
  .map((name) => Number(/^version-(\d+)\.sql$/.exec(name)?.[1]))
  .sort((a, b) => a - b);

/** Puts the state of a version into a directory. */
function lay(state: TempDirectory, version: number): void {
  const old = new Database(state.at('agent.db'));
  old.exec(readFileSync(`${FIXTURES}version-${version}.sql`, 'utf8'));
  old.close();
}

function versionOf(database: AgentDatabase): unknown {
  return database.pragma('user_version', { simple: true });
}

/** Every row of every table, but what is noted of the program. */
function rowsOf(database: AgentDatabase): ReadonlyMap<string, readonly unknown[]> {
  const names = database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all();
  return new Map(
    names.map((name) => {
      const rows = database.prepare(`SELECT * FROM ${name}`).raw().all();
      return [name, rows.filter((row) => !String(row).startsWith('written_by,'))];
    }),
  );
}

function rowsAt(path: string): ReadonlyMap<string, readonly unknown[]> {
  const database = new Database(path, { readonly: true });
  try {
    return rowsOf(database);
  } finally {
    database.close();
  }
}

function refusal(open: () => AgentDatabase): AgentError {
  try {
    open().close();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  return assert.fail('it was opened');
}

test('of each version up to the newest there is a state', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  assert.deepEqual(
    VERSIONS,
    Array.from({ length: Number(versionOf(database)) }, (_, index) => index + 1),
  );
  database.close();
});

for (const version of VERSIONS) {
  test(`a state of version ${version} is brought to the newest with every row unharmed`, () => {
    using state = new TempDirectory();
    lay(state, version);
    const before = rowsAt(state.at('agent.db'));
    assert.ok(
      [...before].every(([, rows]) => rows.length > 0),
      'there is something in each table',
    );
    const database = openDatabase(state.path, '9.9.9');
    assert.equal(versionOf(database), VERSIONS.at(-1));
    const after = rowsOf(database);
    for (const [name, rows] of before) assert.deepEqual(after.get(name), rows, name);
    readsAll(database, version);
    database.close();
    assert.deepEqual(readPlaces(state.path)?.homes ?? ['/home/alice'], ['/home/alice']);
  });
}

/** Has today's program read what that version kept. */
function readsAll(database: AgentDatabase, version: number): void {
  const meta = new Meta(database);
  const spool = new Spool(database, meta);
  assert.deepEqual([spool.last, spool.acked, spool.waiting], [3, 1, 2]);
  for (const alert of spool.after(1)) assert.ok(alertSchema.safeParse(alert).success);
  assert.equal(spool.append(draft()).seq, 4);
  const snapshots = new SnapshotStore(database);
  assert.equal(snapshots.load().size, 1);
  assert.deepEqual([snapshots.baselined(), snapshots.problems().size], [true, 1]);
  assert.equal(snapshots.firstTime('start:cursor/db', Date.parse('2026-11-27T10:00:01Z'), 60_000), false);
  if (version >= 2) assert.equal(snapshots.controls()?.size, 1);
  if (version >= 3) assert.ok(new SealedCopies(() => database).has('ab'.repeat(32)));
  if (version >= 4) assert.equal(new KeptWriters(() => database).of('/home/alice/x.js')?.name, 'vim');
  if (version >= 5) assert.equal(new MarkedServers(database).load().size, 1);
  if (version >= 6) assert.equal(new JournalMarks(database, 1).load().size, 1);
}

test('before a migration a copy is kept, for nobody else, and the newest one only', () => {
  using state = new TempDirectory();
  for (const version of [2, 4]) {
    for (const name of ['agent.db', 'agent.db-wal', 'agent.db-shm']) rmSync(state.at(name), { force: true });
    lay(state, version);
    openDatabase(state.path).close();
  }
  const kept = readdirSync(state.path).filter((name) => name.startsWith('agent.db.'));
  assert.deepEqual(kept, ['agent.db.version-4']);
  assert.equal(statSync(state.at('agent.db.version-4')).mode & 0o077, 0);
});

test('the copy is what was there, so that the older program can go back to it', () => {
  using state = new TempDirectory();
  lay(state, 5);
  const before = rowsAt(state.at('agent.db'));
  const database = openDatabase(state.path, '0.2.0');
  new Meta(database).set('later', 'gone with the way back');
  database.close();
  const copy = new Database(state.at('agent.db.version-5'), { readonly: true });
  assert.equal(versionOf(copy), 5);
  assert.deepEqual(rowsOf(copy), before);
  copy.close();
});

test('a new state, or one of the newest version, is not copied', () => {
  using state = new TempDirectory();
  openDatabase(state.path).close();
  openDatabase(state.path).close();
  assert.deepEqual(
    readdirSync(state.path).filter((name) => name.includes('version')),
    [],
  );
});

test('an older program refuses a newer state, names both, and says how to go on', () => {
  using state = new TempDirectory();
  lay(state, 5);
  const database = openDatabase(state.path, '0.9.0');
  database.pragma('user_version = 99');
  database.close();
  const newest = VERSIONS.at(-1);
  const written = statSync(state.at('agent.db')).mtimeMs;
  const { code, message, hint } = refusal(() => openDatabase(state.path, '0.2.0'));
  assert.equal(code, 'AGENT_STATE_TOO_NEW');
  assert.match(
    message,
    new RegExp(`has version 99 of Sealwatch 0\\.9\\.0, this Sealwatch 0\\.2\\.0 knows ${newest}$`),
  );
  assert.match(hint ?? '', /install Sealwatch 0\.9\.0 again; or stop the agent, .*agent\.db\.version-5/);
  assert.equal(refusal(() => readDatabase(state.path)).code, 'AGENT_STATE_TOO_NEW');
  assert.equal(statSync(state.at('agent.db')).mtimeMs, written, 'nothing was written');
  for (const name of ['agent.db', 'agent.db-wal', 'agent.db-shm']) rmSync(state.at(name), { force: true });
  renameSync(state.at('agent.db.version-5'), state.at('agent.db'));
  openDatabase(state.path, '0.2.0').close();
});

test('a newer state without a copy says what to install', () => {
  using state = new TempDirectory();
  const database = openDatabase(state.path);
  database.pragma('user_version = 99');
  database.close();
  assert.equal(refusal(() => openDatabase(state.path)).hint, 'install a newer Sealwatch again');
});

test('where no copy can be made nothing is migrated', () => {
  using state = new TempDirectory();
  lay(state, 5);
  // A directory in its place that holds something cannot be replaced by a file.
  state.write('agent.db.version-5/in-the-way', '');
  assert.equal(refusal(() => openDatabase(state.path)).code, 'AGENT_STATE_UNUSABLE');
  const old = new Database(state.at('agent.db'), { readonly: true });
  assert.equal(versionOf(old), 5);
  old.close();
  assert.ok(!readdirSync(state.path).some((name) => name.endsWith('.copy')));
  assert.ok(existsSync(state.at('agent.db')));
});
