import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Entry, Journal } from '../../../guard/evidence/journal.ts';
import {
  type GuardRecord,
  guardRecordSchema,
  MAX_RECORD_BYTES,
  MAX_RECORD_ITEMS,
  MAX_RECORD_TEXT,
  parseJournalFile,
} from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const WRITER = fileURLToPath(new URL('programs/write-records.ts', import.meta.url));
const AS_ROOT = process.getuid?.() === 0;
const START = new Date('2026-11-28T10:00:00Z');

function fault(text: string): Entry {
  return { server: null, kind: 'frame', from: 'server', fault: text, passed: true, count: 1 };
}

function temporary(context: TestContext): TempDirectory {
  const directory = new TempDirectory();
  context.after(() => directory[Symbol.dispose]());
  return directory;
}

/** Every record of a directory in the order of its files, parsed as the agent does. */
function recordsIn(directory: string): readonly GuardRecord[] {
  const names = readdirSync(directory).sort();
  assert.ok(names.every((name) => parseJournalFile(name) !== null));
  const lines = names.flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1));
  return lines.map((line) => guardRecordSchema.parse(JSON.parse(line)));
}

const faultsOf = (records: readonly GuardRecord[]) =>
  records.flatMap((record) => (record.kind === 'frame' ? [record.fault] : []));
const lossesOf = (records: readonly GuardRecord[]) =>
  records.flatMap((record) => (record.kind === 'loss' ? [[record.what, record.count]] : []));

test('records are there soon after they were written, in files that only their user can read', async (context) => {
  const directory = temporary(context).at('state', 'guard');
  const journal = new Journal(directory);
  journal.write(fault('one'));
  journal.write(fault('two'));
  while (journal.lost === 0 && readdirOrNone(directory).length === 0) await sleep(5);
  journal.close();
  const records = recordsIn(directory);
  assert.deepEqual(faultsOf(records), ['one', 'two']);
  assert.ok(
    records.every(({ guard, time }) => guard === process.pid && Math.abs(Date.now() - time) < 60_000),
  );
  const [name = ''] = readdirSync(directory);
  assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

function readdirOrNone(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

test('texts and lists are cut to what a record takes', (context) => {
  const directory = temporary(context).at('guard');
  const journal = new Journal(directory);
  const many = Array.from({ length: 1_000 }, (_, index) => `NAME_${index}`);
  const launch = { server: null, kind: 'launch', outcome: 'refused', code: null, pid: null } as const;
  journal.write({ ...launch, reason: 'x'.repeat(10_000), command: '💾'.repeat(5_000), dropped: many });
  journal.write({
    ...launch,
    reason: '',
    command: '',
    dropped: many.map((name) => name + 'x'.repeat(4_000)),
  });
  journal.close();
  assert.equal(journal.lost, 0);
  const [plain, huge] = recordsIn(directory);
  assert.ok(plain?.kind === 'launch' && huge?.kind === 'launch');
  assert.deepEqual(
    [plain.reason.length, plain.command.length, plain.dropped.length],
    [MAX_RECORD_TEXT, MAX_RECORD_TEXT, MAX_RECORD_ITEMS],
  );
  assert.ok(plain.reason.endsWith('…'));
  assert.equal(huge.dropped.length, 50);
  assert.ok(Buffer.byteLength(JSON.stringify(huge)) < MAX_RECORD_BYTES);
});

test('a file that is full is followed by the next, and of too many the oldest go and are counted', (context) => {
  const directory = temporary(context).at('guard');
  const journal = new Journal(directory, START, { file: 2_000, directory: 6_000 });
  const written = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(200)}`);
  for (const text of written) {
    journal.write(fault(text));
    journal.flush();
  }
  journal.close();
  assert.equal(journal.lost, 0);
  const names = readdirSync(directory).sort();
  assert.ok(names.length > 1 && names.every((name) => statSync(join(directory, name)).size <= 2_500));
  const records = recordsIn(directory);
  const kept = faultsOf(records);
  assert.deepEqual(kept, written.slice(-kept.length));
  const lost = lossesOf(records);
  assert.ok(lost.length > 0 && lost.every(([what]) => what === 'removed'));
  assert.ok(Number(parseJournalFile(names[0] ?? '')?.part) > 0);
});

test('what is removed to make room is told with the number of its records', (context) => {
  const directory = temporary(context).at('guard');
  const old = new Journal(directory, new Date(START.getTime() - 1_000));
  for (let count = 0; count < 7; count += 1) old.write(fault('x'.repeat(500)));
  old.close();
  writeFileSync(join(directory, 'notes.txt'), 'y'.repeat(10_000));
  const journal = new Journal(directory, START, { file: 2_000, directory: 1_000 });
  journal.write(fault('new'));
  journal.close();
  rmSync(join(directory, 'notes.txt'));
  const records = recordsIn(directory);
  assert.deepEqual([faultsOf(records), lossesOf(records)], [['new'], [['removed', 7]]]);
});

test('two guards in one directory do not disturb each other', (context) => {
  const directory = temporary(context).at('guard');
  const [one, two] = [new Journal(directory, START), new Journal(directory, START)];
  for (let round = 0; round < 50; round += 1) {
    one.write(fault(`one ${round}`));
    two.write(fault(`two ${round}`));
    if (round % 10 === 0) one.flush();
    if (round % 7 === 0) two.flush();
  }
  one.close();
  two.close();
  assert.equal(readdirSync(directory).length, 2);
  assert.equal(new Set(faultsOf(recordsIn(directory))).size, 100);
});

test('a file that somebody removes is left, and what was in it is told', (context) => {
  const directory = temporary(context).at('guard');
  const journal = new Journal(directory);
  for (const text of ['one', 'two', 'three']) journal.write(fault(text));
  journal.flush();
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  journal.write(fault('four'));
  journal.close();
  const records = recordsIn(directory);
  assert.deepEqual([faultsOf(records), lossesOf(records)], [['four'], [['removed', 3]]]);
});

test('without a directory records wait, up to a limit, and the rest is counted', (context) => {
  const place = temporary(context);
  const directory = place.write('guard', 'a file in the place of the directory');
  const journal = new Journal(directory);
  for (let count = 0; count < 2_000; count += 1) journal.write(fault('x'.repeat(4_000)));
  journal.flush();
  const lost = journal.lost;
  assert.ok(lost > 0 && lost < 2_000);
  rmSync(directory);
  journal.flush();
  assert.equal(journal.lost, 0);
  journal.close();
  const records = recordsIn(directory);
  assert.deepEqual([faultsOf(records).length, lossesOf(records)], [2_000 - lost, [['unwritten', lost]]]);
});

test('on a full disk only whole lines stay, and nothing is told twice once there is room', (context) => {
  if (!AS_ROOT) return context.skip('only root can mount a small file system');
  const place = new TempDirectory();
  const mount = place.at('small');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', mount]);
  context.after(() => {
    execFileSync('umount', ['-l', mount]);
    place[Symbol.dispose]();
  });
  const filler = join(mount, 'filler');
  writeFileSync(filler, Buffer.alloc(64 * 1024));
  const directory = join(mount, 'guard');
  const journal = new Journal(directory);
  const texts = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(3_000)}`);
  for (const text of texts.slice(0, 30)) journal.write(fault(text));
  journal.flush();
  const before = faultsOf(recordsIn(directory)).length;
  assert.ok(before > 0 && before < 30);
  for (const name of readdirSync(directory)) {
    assert.ok(readFileSync(join(directory, name), 'utf8').endsWith('\n'));
  }
  for (const text of texts.slice(30)) journal.write(fault(text));
  journal.flush();
  rmSync(filler);
  journal.close();
  assert.equal(journal.lost, 0);
  assert.deepEqual(faultsOf(recordsIn(directory)), texts);
  assert.deepEqual(lossesOf(recordsIn(directory)), []);
});

test('a killed guard leaves whole lines, and at most a part of the last', async (context) => {
  const directory = temporary(context).at('guard');
  const child = spawn(process.execPath, [...process.execArgv, WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [name = ''] = readdirSync(directory);
  const lines = readFileSync(join(directory, name), 'utf8').split('\n');
  lines.pop();
  assert.ok(lines.length >= 100);
  for (const line of lines) guardRecordSchema.parse(JSON.parse(line));
});
