import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type GuardRecord, MAX_JOURNAL_BYTES } from '../../wire/index.ts';
import type { JournalMark, JournalMarks } from '../state/journal-marks.ts';
import { JournalDirectory, type ListedJournal, type OpenJournal } from './journal-directory.ts';
import { type JournalCursor, type JournalLine, LineReader } from './journal-lines.ts';
import type { JournalPlace } from './journal-place.ts';
import { readRecord } from './journal-record.ts';
import { isFinished } from './living-guards.ts';
import { RecordPace } from './record-pace.ts';

/** Files read in one directory, those of the guards that began first; the others follow once these are gone. */
const MAX_JOURNALS = 4_096;
/** Lines read in one step of a directory. */
const MAX_STEP_LINES = 100;
/** Bytes of a file that are read: twice what a guard writes. */
const MAX_READ_BYTES = 2 * MAX_JOURNAL_BYTES;

/** What one step found in the journals of a user. */
export interface JournalStep {
  readonly records: readonly JournalRecord[];
  /** How far files were read; to be kept together with what became of the records. */
  readonly marks: ReadonlyMap<string, JournalMark>;
  /** What is not read: files and directories by path, with why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** Lines that are no records. */
  readonly faulty: number;
  /** There is more to read. */
  readonly more: boolean;
}

export interface JournalRecord {
  readonly record: GuardRecord;
  /** Stands for the guard. */
  readonly session: string;
  /** `device:inode` of the file that it stands in. */
  readonly identity: string;
}

interface Cursor extends JournalCursor {
  readonly identity: string;
  readonly refused: string | null;
}

/** Reads on in the journals of one user, a bounded step at a time. */
export class JournalReading {
  readonly place: JournalPlace;
  readonly #marks: JournalMarks;
  readonly #lines = new LineReader();
  readonly #pace: RecordPace;
  readonly #cursors = new Map<string, Cursor>();
  /** The directory is not read, which was told. */
  #refusedPlace = false;
  /** The file at which the last step stopped. */
  #last = '';

  constructor(place: JournalPlace, marks: JournalMarks, pace = new RecordPace()) {
    this.place = place;
    this.#marks = marks;
    this.#pace = pace;
    for (const [path, mark] of marks.load()) {
      if (path.startsWith(`${place.directory}/`)) this.#cursors.set(path, { ...mark, skipping: false });
    }
  }

  step(): JournalStep {
    const step = new StepDraft();
    const directory = JournalDirectory.open(this.place);
    if (directory === null || 'refused' in directory) {
      if (directory !== null && !this.#refusedPlace)
        step.refused.push({ path: this.place.directory, reason: directory.refused });
      this.#refusedPlace = directory !== null;
      return step;
    }
    this.#refusedPlace = false;
    try {
      const listed = directory.list();
      this.#forgetAllBut(listed);
      for (const journal of this.#inTurn(listed.slice(0, MAX_JOURNALS))) {
        if (step.lines >= MAX_STEP_LINES) {
          step.more = true;
          break;
        }
        this.#take(directory, journal, listed, step);
      }
    } finally {
      directory.close();
    }
    return step;
  }

  /** A file with much to read lets the others come first the next time. */
  #inTurn(listed: readonly ListedJournal[]): readonly ListedJournal[] {
    const isLater = ({ file }: ListedJournal) => file > this.#last;
    return [...listed.filter(isLater), ...listed.filter((journal) => !isLater(journal))];
  }

  #forgetAllBut(listed: readonly ListedJournal[]): void {
    const there = new Set(listed.map(({ file }) => this.#pathOf(file)));
    for (const path of this.#cursors.keys()) {
      if (there.has(path)) continue;
      this.#cursors.delete(path);
      this.#marks.remove(path);
    }
  }

  #pathOf(file: string): string {
    return join(this.place.directory, file);
  }

  #take(
    directory: JournalDirectory,
    journal: ListedJournal,
    listed: readonly ListedJournal[],
    step: StepDraft,
  ) {
    const path = this.#pathOf(journal.file);
    const opened = directory.openFile(journal.file);
    if (opened === null) return;
    if ('refused' in opened) {
      if (this.#cursors.get(path)?.refused === opened.refused) return;
      this.#refuse(path, { identity: '', offset: 0, skipping: false, refused: opened.refused }, step);
      return;
    }
    try {
      const cursor = this.#cursorOf(path, opened, step);
      if (cursor.refused !== null) return;
      // Asked before it is read: whatever a guard that is gone wrote is read now.
      const finished = isFinished(journal, listed);
      if (finished && this.#isKept(path, opened)) this.#remove(directory, journal.file, path);
      else this.#read(path, { opened, cursor, journal, finished }, step);
    } finally {
      closeSync(opened.fd);
    }
  }

  /** Where reading goes on: at the beginning where it is another file, or shorter than what was read. */
  #cursorOf(path: string, { stat }: OpenJournal, step: StepDraft): Cursor {
    const identity = identityOf(stat);
    const known = this.#cursors.get(path);
    const fresh = { identity, offset: 0, skipping: false, refused: null };
    if (known === undefined || known.identity !== identity) return fresh;
    if (Number(stat.size) >= known.offset) return known;
    step.refused.push({ path, reason: 'it was cut; what stands there now is read anew' });
    this.#move(path, fresh, step);
    return fresh;
  }

  /** Whether it was read to its end, and that is durable. */
  #isKept(path: string, { stat }: OpenJournal): boolean {
    const mark = this.#marks.get(path);
    return mark?.identity === identityOf(stat) && BigInt(mark.offset) === stat.size;
  }

  #remove(directory: JournalDirectory, file: string, path: string): void {
    directory.remove(file);
    // Where it could not be removed, its mark is needed.
    const still = directory.openFile(file);
    if (still === null) {
      this.#cursors.delete(path);
      this.#marks.remove(path);
    } else if ('fd' in still) closeSync(still.fd);
  }

  #read(path: string, { opened, cursor, journal, finished }: Reading, step: StepDraft): void {
    if (cursor.offset >= MAX_READ_BYTES) {
      this.#refuse(path, { ...cursor, refused: 'it is longer than what a guard writes' }, step);
      return;
    }
    const read = this.#lines.read(opened.fd, cursor, MAX_STEP_LINES - step.lines);
    step.lines += read.lines.length;
    const stopped = this.#takeLines(read.lines, journal, cursor.identity, step);
    const torn = stopped === null && finished && !read.more && read.rest > 0;
    if (stopped === null && (read.tooLong || torn)) step.faulty += 1;
    const next = stopped ?? { ...read.next, offset: read.next.offset + (torn ? read.rest : 0) };
    if (stopped !== null || read.more) {
      step.more = true;
      this.#last = journal.file;
    }
    if (next.offset !== cursor.offset) this.#move(path, { ...cursor, ...next }, step);
  }

  /** Takes lines in order; where the pace allows no more, answers where to go on. */
  #takeLines(
    lines: readonly JournalLine[],
    journal: ListedJournal,
    identity: string,
    step: StepDraft,
  ): JournalCursor | null {
    const session = `${journal.began}-${journal.pid}-${journal.nonce}`;
    for (const { text, begin } of lines) {
      const record = text === null ? null : readRecord(text, journal);
      if (record === null) step.faulty += 1;
      else if (this.#pace.admits(record)) step.records.push({ record, session, identity });
      else return { offset: begin, skipping: false };
    }
    return null;
  }

  #refuse(path: string, cursor: Cursor & { readonly refused: string }, step: StepDraft): void {
    step.refused.push({ path, reason: cursor.refused });
    this.#move(path, cursor, step);
  }

  #move(path: string, cursor: Cursor, step: StepDraft): void {
    this.#cursors.set(path, cursor);
    const { identity, offset, refused } = cursor;
    step.marks.set(path, { identity, offset, refused });
  }
}

interface Reading {
  readonly opened: OpenJournal;
  readonly cursor: Cursor;
  readonly journal: ListedJournal;
  readonly finished: boolean;
}

function identityOf({ dev, ino }: OpenJournal['stat']): string {
  return `${dev}:${ino}`;
}

class StepDraft implements JournalStep {
  readonly records: JournalRecord[] = [];
  readonly marks = new Map<string, JournalMark>();
  readonly refused: { path: string; reason: string }[] = [];
  faulty = 0;
  more = false;
  lines = 0;
}
