import type { AgentDatabase } from './database.ts';

/** How far a journal file of a guard was read. */
export interface JournalMark {
  /** `device:inode`: another file of that name is read from its beginning. */
  readonly identity: string;
  /** Bytes. */
  readonly offset: number;
  /** Why it is not read any further, which was told; null while it is. */
  readonly refused: string | null;
}

/**
 * How far the journals of guards were read, and what is told once. Written in the transaction of the alerts that came
 * of what was read, so that a crash neither loses a record nor tells one twice.
 */
export class JournalMarks {
  readonly #all;
  readonly #get;
  readonly #put;
  readonly #remove;
  readonly #isTold;
  readonly #tell;
  readonly #tellAgainMs: number;

  /** What was told may be told again after `tellAgainMs` milliseconds. */
  constructor(database: AgentDatabase, tellAgainMs: number) {
    this.#tellAgainMs = tellAgainMs;
    type Row = { path: string; identity: string; offset: number; refused: string | null };
    this.#all = database.prepare<[], Row>('SELECT path, identity, offset, refused FROM journal');
    this.#get = database.prepare<[string], Row>(
      'SELECT path, identity, offset, refused FROM journal WHERE path = ?',
    );
    this.#put = database.prepare<[string, string, number, string | null]>(
      'INSERT OR REPLACE INTO journal (path, identity, offset, refused) VALUES (?, ?, ?, ?)',
    );
    this.#remove = database.prepare<[string]>('DELETE FROM journal WHERE path = ?');
    this.#isTold = database.prepare<[string, number], { key: string }>(
      'SELECT key FROM reported WHERE key = ? AND time >= ?',
    );
    this.#tell = database.prepare<[string, number]>(
      'INSERT OR REPLACE INTO reported (key, time) VALUES (?, ?)',
    );
  }

  /** By path. */
  load(): ReadonlyMap<string, JournalMark> {
    return new Map(this.#all.all().map(({ path, ...mark }) => [path, mark]));
  }

  get(path: string): JournalMark | null {
    return this.#get.get(path) ?? null;
  }

  put(path: string, { identity, offset, refused }: JournalMark): void {
    this.#put.run(path, identity, offset, refused);
  }

  remove(path: string): void {
    this.#remove.run(path);
  }

  /** Whether a key was told not long before `now`. */
  isTold(key: string, now: number): boolean {
    return this.#isTold.get(key, now - this.#tellAgainMs) !== undefined;
  }

  tell(key: string, now: number): void {
    this.#tell.run(key, now);
  }
}
