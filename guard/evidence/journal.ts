import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type GuardRecord, MAX_RECORD_BYTES, MAX_RECORD_TEXT } from '../../wire/index.ts';

/** Milliseconds that records wait to be written together. */
const FLUSH_MS = 20;
/** Bytes of records that wait; more than that are counted as lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Bytes of one file; then the next is begun. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Bytes of all files of a directory; the oldest go first. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const SUFFIX = '.ndjson';

/** What a record says beside when and by whom. */
export type Entry = GuardRecord extends infer R
  ? R extends GuardRecord
    ? Omit<R, 'v' | 'time' | 'guard'>
    : never
  : never;

/**
 * Records of one guard as lines of JSON in files of its user's own: the agent reads them when it runs, and by the owner
 * of the file knows whose they are. A guard waits for no disk and for no agent. Text is cut to what the format takes.
 */
export class Journal {
  readonly #directory: string;
  readonly #name: string;
  readonly #maxFileBytes: number;
  #fd: number | null = null;
  #file = 0;
  #size = 0;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(directory: string, now: Date = new Date(), maxFileBytes = MAX_FILE_BYTES) {
    this.#directory = directory;
    this.#maxFileBytes = maxFileBytes;
    this.#name = `${now.getTime()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  }

  /** Records that could not be written and that no later record tells of yet. */
  get lost(): number {
    return this.#lost;
  }

  write(entry: Entry): void {
    const record = { v: 1, time: Date.now(), guard: process.pid, ...entry };
    // Where the whole is short, so is each text in it.
    const whole = JSON.stringify(record);
    const line = `${whole.length <= MAX_RECORD_TEXT ? whole : JSON.stringify(record, cutText)}\n`;
    if (line.length > MAX_RECORD_BYTES || this.#waitingBytes + line.length > MAX_WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (lines.length === 0) return;
    try {
      const lost = this.#lost;
      if (lost > 0)
        lines.push(
          `${JSON.stringify({ v: 1, time: Date.now(), guard: process.pid, server: null, kind: 'loss', count: lost })}\n`,
        );
      const bytes = Buffer.from(lines.join(''));
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#open(bytes.length), bytes, at);
      this.#size += bytes.length;
      this.#lost -= lost;
    } catch {
      // A full disk or a directory that is not there: what was not written is told when something can be.
      this.#lost += lines.length;
    }
  }

  close(): void {
    this.flush();
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** The file that takes `bytes` more. */
  #open(bytes: number): number {
    if (this.#fd !== null && this.#size + bytes > this.#maxFileBytes) {
      closeSync(this.#fd);
      this.#fd = null;
    }
    if (this.#fd === null) {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      this.#makeRoom();
      this.#fd = openSync(join(this.#directory, `${this.#name}-${this.#file}${SUFFIX}`), 'ax', 0o600);
      this.#file += 1;
      this.#size = 0;
    }
    return this.#fd;
  }

  /** Names begin with the time, so the first is the oldest. */
  #makeRoom(): void {
    const files = readdirSync(this.#directory)
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => join(this.#directory, name))
      .map((path) => ({ path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }));
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (total <= MAX_DIRECTORY_BYTES) break;
      rmSync(path, { force: true });
      total -= size;
    }
  }
}

function cutText(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_RECORD_TEXT
    ? `${value.slice(0, MAX_RECORD_TEXT - 1)}…`
    : value;
}
