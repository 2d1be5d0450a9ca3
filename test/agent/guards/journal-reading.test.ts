import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { JournalReading, type JournalStep } from '../../../agent/guards/journal-reading.ts';
import { RecordPace } from '../../../agent/guards/record-pace.ts';
import { openDatabase } from '../../../agent/state/database.ts';
import { JournalMarks } from '../../../agent/state/journal-marks.ts';
import { MAX_RECORD_BYTES } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { denied, fileOf, GONE, line, SERVER } from './records.ts';

const UID = process.getuid?.() ?? 0;
const AS_ROOT = UID === 0;

class Desk {
  readonly directory: string;
  readonly marks: JournalMarks;
  reading: JournalReading;
  #now = 0;

  constructor(context: TestContext) {
    const place = new TempDirectory();
    const database = openDatabase(place.path);
    context.after(() => {
      database.close();
      place[Symbol.dispose]();
    });
    this.directory = place.at('guard');
    this.marks = new JournalMarks(database, 1_000);
    this.reading = this.restarted();
  }

  at(file: string): string {
    return join(this.directory, file);
  }

  write(file: string, text: string): string {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    appendFileSync(this.at(file), text, { mode: 0o600 });
    return this.at(file);
  }

  /** A reader that knows what is in the database. */
  restarted(): JournalReading {
    const place = { directory: this.directory, uid: UID, names: new Set(['alice']) };
    this.reading = new JournalReading(place, this.marks, new RecordPace(() => this.#now));
    return this.reading;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** Steps until nothing is left, each kept as the agent keeps it. */
  read(steps = 200): JournalStep[] {
    const taken: JournalStep[] = [];
    for (let step = this.reading.step(); ; step = this.reading.step()) {
      for (const [path, mark] of step.marks) this.marks.put(path, mark);
      taken.push(step);
      if (!step.more || taken.length === steps) return taken;
    }
  }
}

const targets = (steps: readonly JournalStep[]) =>
  steps.flatMap(({ records }) =>
    records.map(({ record }) => (record.kind === 'call' ? record.target : record.kind)),
  );
const faulty = (steps: readonly JournalStep[]) => steps.reduce((sum, step) => sum + step.faulty, 0);
const refused = (steps: readonly JournalStep[]) =>
  steps.flatMap((step) => step.refused.map(({ reason }) => reason));

test('records are read once, on from where the last step ended, across a restart too', (context) => {
  const desk = new Desk(context);
  assert.deepEqual(targets(desk.read()), []);
  const file = fileOf(process.pid);
  desk.write(file, line(denied('one'), process.pid) + line(denied('two'), process.pid));
  assert.deepEqual(targets(desk.read()), ['one', 'two']);
  assert.deepEqual(targets(desk.read()), []);
  desk.write(file, line(denied('three'), process.pid));
  desk.restarted();
  assert.deepEqual(targets(desk.read()), ['three']);
  assert.ok(existsSync(desk.at(file)));
});

test('what was read and not kept is read again', (context) => {
  const desk = new Desk(context);
  desk.write(fileOf(process.pid), line(denied('one'), process.pid));
  assert.deepEqual(targets([desk.reading.step()]), ['one']);
  desk.restarted();
  assert.deepEqual(targets(desk.read()), ['one']);
});

test('part of a line waits for its rest while its guard lives, and is a fault once it is gone', (context) => {
  const desk = new Desk(context);
  const whole = line(denied('one'), process.pid);
  const file = fileOf(process.pid);
  desk.write(file, whole.slice(0, 50));
  assert.deepEqual([targets(desk.read()), faulty(desk.read())], [[], 0]);
  desk.write(file, whole.slice(50));
  assert.deepEqual(targets(desk.read()), ['one']);

  desk.write(fileOf(GONE), line(denied('last'), GONE) + whole.slice(0, 50));
  const steps = desk.read();
  assert.deepEqual([targets(steps), faulty(steps)], [['last'], 1]);
  assert.equal(faulty(desk.read()), 0);
});

test('a line that is no record is counted and the next one is read', (context) => {
  const desk = new Desk(context);
  const good = (target: string) => line(denied(target), process.pid);
  const lines = [
    good('one'),
    '\n',
    'no json\n',
    '{"v":1}\n',
    '[[[[[]]]]]\n',
    `${'['.repeat(200_000)}\n`,
    `${good('too long').trimEnd()}${' '.repeat(MAX_RECORD_BYTES)}\n`,
    '\u0000\u0000\n',
    `{"__proto__":{"v":1},"kind":"call"}\n`,
    line(denied('of another guard'), process.pid + 1),
    line({ ...denied('x'), arguments: 'no digest' }, process.pid),
    line(denied('x'.repeat(5_000)), process.pid),
    good('two'),
  ];
  desk.write(fileOf(process.pid), lines.join(''));
  const steps = desk.read();
  assert.deepEqual([targets(steps), faulty(steps)], [['one', 'two'], lines.length - 2]);
});

test('a line without an end is one fault however long it is, and is left behind', (context) => {
  const desk = new Desk(context);
  const file = fileOf(process.pid);
  desk.write(file, line(denied('one'), process.pid) + 'x'.repeat(3_000_000));
  const steps = desk.read();
  assert.deepEqual([targets(steps), faulty(steps)], [['one'], 1]);
  desk.write(file, `still the same\n${line(denied('two'), process.pid)}`);
  const rest = desk.read();
  assert.deepEqual([targets(rest), faulty(rest)], [['two'], 0]);
});

test('a file is read no further than any guard writes, which is told once', (context) => {
  const desk = new Desk(context);
  const file = desk.write(fileOf(process.pid), line(denied('one'), process.pid));
  truncateSync(file, 1_000_000_000_000);
  const steps = desk.read();
  assert.deepEqual(targets(steps), ['one']);
  assert.deepEqual(refused(steps), ['it is longer than what a guard writes']);
  assert.ok(steps.length < 100);
  assert.deepEqual(refused(desk.read()), []);
});

test('links, directories and pipes are not read, which is told once', (context) => {
  const desk = new Desk(context);
  const real = desk.write('elsewhere.txt', line(denied('secret'), GONE));
  symlinkSync(real, desk.at(fileOf(GONE, 0)));
  mkdirSync(desk.at(fileOf(GONE, 1)));
  execFileSync('mkfifo', [desk.at(fileOf(GONE, 2))]);
  const steps = desk.read();
  assert.deepEqual(targets(steps), []);
  assert.deepEqual(refused(steps), ['it is a symbolic link', 'it is not a file', 'it is not a file']);
  desk.restarted();
  assert.deepEqual(refused(desk.read()), []);
});

test('a link in the place of the directory is not followed', (context) => {
  const desk = new Desk(context);
  desk.write(fileOf(process.pid), line(denied('one'), process.pid));
  renameSync(desk.directory, `${desk.directory}-real`);
  symlinkSync(`${desk.directory}-real`, desk.directory);
  const steps = [...desk.read(), ...desk.read()];
  assert.deepEqual([targets(steps), refused(steps).length], [[], 1]);
});

test('what others own or may write is not read', (context) => {
  if (!AS_ROOT) return context.skip('only root can give files away');
  const desk = new Desk(context);
  const [foreign, open] = [fileOf(process.pid, 0), fileOf(process.pid, 1)];
  chownSync(desk.write(foreign, line(denied('foreign'), process.pid)), 4_321, 4_321);
  chmodSync(desk.write(open, line(denied('open'), process.pid)), 0o666);
  const steps = desk.read();
  assert.deepEqual(
    [targets(steps), refused(steps)],
    [[], ['it belongs to another user', 'others may write it']],
  );
  chmodSync(desk.at(open), 0o600);
  assert.deepEqual(targets(desk.read()), ['open']);
  chownSync(desk.directory, 4_321, 4_321);
  assert.deepEqual(refused(desk.read()), ['it belongs to another user']);
});

test('another file of the same name is read from its beginning, and one that was cut is told', (context) => {
  const desk = new Desk(context);
  const file = fileOf(process.pid);
  const path = desk.write(file, line(denied('one'), process.pid) + line(denied('two'), process.pid));
  desk.read();
  const other = desk.write('other.txt', line(denied('other'), process.pid));
  renameSync(other, path);
  assert.deepEqual(targets(desk.read()), ['other']);
  writeFileSync(path, '');
  const steps = desk.read();
  assert.deepEqual([targets(steps), refused(steps).length], [[], 1]);
  desk.write(file, line(denied('after'), process.pid));
  const rest = desk.read();
  assert.deepEqual([targets(rest), refused(rest)], [['after'], []]);
});

test('a file that is read whole goes once its guard is gone or writes the next, and what it said is kept', (context) => {
  const desk = new Desk(context);
  const [gone, first, second] = [fileOf(GONE), fileOf(process.pid, 0), fileOf(process.pid, 1)];
  for (const file of [gone, first, second])
    desk.write(file, line(denied('one'), file === gone ? GONE : process.pid));
  const step = desk.reading.step();
  assert.equal(step.records.length, 3);
  desk.reading.step();
  assert.ok(existsSync(desk.at(gone)), 'nothing is kept yet');
  for (const [path, mark] of step.marks) desk.marks.put(path, mark);
  desk.read();
  assert.deepEqual(
    [gone, first, second].map((file) => existsSync(desk.at(file))),
    [false, false, true],
  );
  assert.deepEqual([...desk.marks.load().keys()], [desk.at(second)]);
});

test('a full journal lets the others of its user come first, and nothing is lost', (context) => {
  const desk = new Desk(context);
  const [busy, quiet] = [fileOf(process.pid, 0, 1_700_000_000_000), fileOf(process.ppid)];
  const allowed = { ...denied('busy'), outcome: 'allowed' } as const;
  desk.write(busy, line(allowed, process.pid).repeat(1_000));
  desk.write(quiet, line(denied('quiet'), process.ppid));
  const [first, second] = desk.read(2);
  assert.ok(first && second);
  assert.deepEqual(targets([first]).includes('quiet'), false);
  assert.deepEqual(targets([second]).includes('quiet'), true);
  assert.equal(targets([first, second, ...desk.read()]).length, 1_001);
});

test('what may become alerts is taken no faster than others can bear, and waits in its file', (context) => {
  const desk = new Desk(context);
  desk.write(fileOf(process.pid), line(denied('x'), process.pid).repeat(2_050));
  assert.equal(targets(desk.read(50)).length, 2_000);
  desk.restarted();
  desk.pass(0);
  assert.equal(targets(desk.read(5)).length, 50);
});

test('after a flood records come in as time goes by', (context) => {
  const desk = new Desk(context);
  desk.write(fileOf(process.pid), line(denied('x'), process.pid).repeat(2_050));
  desk.read(50);
  desk.pass(1_000);
  assert.equal(targets(desk.read(3)).length, 10);
  const allowed = { ...denied('allowed'), outcome: 'allowed', server: SERVER } as const;
  desk.write(fileOf(process.ppid), line(allowed, process.ppid).repeat(20));
  assert.equal(targets(desk.read(3)).length, 20);
});
