import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GuardRecord,
  journalFile,
  MAX_JOURNAL_BYTES,
  MAX_RECORD_BYTES,
  MAX_RECORD_ITEMS,
  MAX_RECORD_TEXT,
} from '../../wire/index.ts';
import { makeRoom } from './journal-room.ts';

/** Milliseconds that records wait to be written together. */
const FLUSH_MS = 20;
/** Milliseconds until records that could not be written are tried again. */
const WRITE_AGAIN_MS = 1_000;
/** Bytes of records that wait; more than that are counted as lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Bytes of all files of a directory; the oldest go first. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
/** Characters of a text and items of a list in a record that is too long with what the format takes. */
const SHORT = { text: 200, items: 50 } as const;
const FULL = { text: MAX_RECORD_TEXT, items: MAX_RECORD_ITEMS } as const;
const NEW_FILE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** What a record says beside when and by whom. */
export type Entry = GuardRecord extends infer R
  ? R extends GuardRecord
    ? Omit<R, 'v' | 'time' | 'guard'>
    : never
  : never;

type Lost = Extract<GuardRecord, { kind: 'loss' }>['what'];

export interface JournalLimits {
  /** Bytes of one file; then the next is begun. */
  readonly file: number;
  readonly directory: number;
}

interface JournalFile {
  readonly fd: number;
  /** Bytes. */
  size: number;
  lines: number;
}

/**
 * Records of one guard as lines of JSON in files of its user's own: the agent reads them when it runs, and by the owner
 * of the file knows whose they are. A guard waits for no disk and for no agent: what cannot be written waits in memory
 * within limits, and what does not fit there is counted. Texts and lists are cut to what the format takes.
 */
export class Journal {
  readonly #directory: string;
  readonly #limits: JournalLimits;
  readonly #began: number;
  readonly #nonce = randomBytes(4).toString('hex');
  readonly #lost: Record<Lost, number> = { unwritten: 0, removed: 0 };
  #file: JournalFile | null = null;
  #parts = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    directory: string,
    now: Date = new Date(),
    limits: JournalLimits = { file: MAX_JOURNAL_BYTES, directory: MAX_DIRECTORY_BYTES },
  ) {
    this.#directory = directory;
    this.#limits = limits;
    this.#began = now.getTime();
  }

  /** Records that are lost, or may be, and that no record tells of yet. */
  get lost(): number {
    return this.#lost.unwritten + this.#lost.removed;
  }

  /** `time` is in milliseconds since the epoch. */
  write(entry: Entry, time: number = Date.now()): void {
    const line = lineOf(entry, time);
    if (line === null || this.#waitingBytes + line.length > MAX_WAITING_BYTES) this.#lost.unwritten += 1;
    else {
      this.#waiting.push(line);
      this.#waitingBytes += line.length;
    }
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Writes what waits. What cannot be written now (a full disk, no directory) waits on. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length + this.lost === 0) return;
    let written = 0;
    try {
      const file = this.#fileFor(this.#waitingBytes);
      const losses = this.#losses();
      written = this.#append(file, [...this.#waiting, ...losses.map(({ line }) => line)]);
      for (const { what, count } of losses.slice(0, Math.max(0, written - this.#waiting.length)))
        this.#lost[what] -= count;
    } catch {
      // No file can be made: all of it waits.
    }
    for (const { length } of this.#waiting.splice(0, written)) this.#waitingBytes -= length;
    if (this.#waiting.length + this.lost > 0)
      this.#timer = setTimeout(() => this.flush(), WRITE_AGAIN_MS).unref();
  }

  close(): void {
    this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#leaveFile();
  }

  /** The file that takes `bytes` more. */
  #fileFor(bytes: number): JournalFile {
    if (this.#file !== null && fstatSync(this.#file.fd).nlink === 0) {
      // Somebody removed it, and the agent may not have read it: what comes now must not go there.
      this.#lost.removed += this.#file.lines;
      this.#leaveFile();
    }
    if (this.#file !== null && this.#file.size + bytes > this.#limits.file) this.#leaveFile();
    this.#file ??= this.#newFile();
    return this.#file;
  }

  #newFile(): JournalFile {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#lost.removed += makeRoom(this.#directory, this.#limits.directory);
    const name = { began: this.#began, pid: process.pid, nonce: this.#nonce, part: this.#parts };
    const fd = openSync(join(this.#directory, journalFile(name)), NEW_FILE, 0o600);
    this.#parts += 1;
    return { fd, size: 0, lines: 0 };
  }

  #leaveFile(): void {
    if (this.#file !== null) closeSync(this.#file.fd);
    this.#file = null;
  }

  /** Appends lines and answers how many are whole in the file; of one that is not, nothing stays. */
  #append(file: JournalFile, lines: readonly Buffer[]): number {
    const wanted = Buffer.concat(lines);
    const bytes = writeSome(file.fd, wanted);
    let whole = 0;
    let wholeBytes = 0;
    for (const { length } of lines) {
      if (wholeBytes + length > bytes) break;
      whole += 1;
      wholeBytes += length;
    }
    file.size += wholeBytes;
    file.lines += whole;
    if (bytes > wholeBytes) {
      try {
        ftruncateSync(file.fd, file.size);
      } catch {
        // The part of a line stays at the end of this file, and nothing comes behind it.
        this.#leaveFile();
      }
    }
    return whole;
  }

  #losses(): readonly { readonly what: Lost; readonly count: number; readonly line: Buffer }[] {
    return (['unwritten', 'removed'] as const).flatMap((what) => {
      const count = this.#lost[what];
      const line = count === 0 ? null : lineOf({ server: null, kind: 'loss', what, count }, Date.now());
      return line === null ? [] : [{ what, count, line }];
    });
  }
}

/** Null where it is too long however it is cut. */
function lineOf(entry: Entry, time: number): Buffer | null {
  const record = { v: 1, time, guard: process.pid, ...entry };
  for (const limits of [FULL, SHORT]) {
    const line = Buffer.from(`${JSON.stringify(record, (_key, value) => cut(value, limits))}\n`);
    if (line.length <= MAX_RECORD_BYTES) return line;
  }
  return null;
}

function cut(value: unknown, { text, items }: typeof FULL | typeof SHORT): unknown {
  if (Array.isArray(value)) return value.slice(0, items);
  return typeof value === 'string' && value.length > text ? `${value.slice(0, text - 1)}…` : value;
}

/** How many bytes could be written. */
function writeSome(fd: number, bytes: Buffer): number {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at);
  } catch {
    // Full: the caller goes by what was written until then.
  }
  return at;
}
