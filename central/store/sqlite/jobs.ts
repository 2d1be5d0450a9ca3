import type { PackedBatch, SettledBatch } from '../batches.ts';

/**
 * What a thread is for: the one that writes, one that only reads and so never waits for the writer, or one that looks
 * into a file without changing anything about it.
 */
export type ThreadRole = 'writer' | 'reader' | 'inspector';

export interface ThreadPlace {
  readonly path: string;
  readonly role: ThreadRole;
}

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface StatementResult {
  readonly rows: unknown[];
  /** Rows changed and id of the last one inserted; null where the statement gives rows. */
  readonly changed: { readonly count: number; readonly lastId: number | bigint } | null;
}

/** What a thread of the database does, and what it answers. */
export interface Jobs {
  /** One statement. */
  readonly run: {
    readonly request: Statement;
    readonly answer: StatementResult;
  };
  /** Statements that know nothing of each other, in one transaction; each fails alone where it is at fault. */
  readonly runAll: {
    readonly request: readonly Statement[];
    readonly answer: readonly (StatementResult | StatementFailure)[];
  };
  /** Ends a transaction that failed, where SQLite has not done so itself. */
  readonly rollback: { readonly request: null; readonly answer: null };
  /** Stores a group of batches in one transaction. */
  readonly append: {
    readonly request: readonly PackedBatch[];
    readonly answer: readonly SettledBatch[];
  };
  /** Adds the next alerts to the words that searches go through. Answers how many. */
  readonly index: { readonly request: { readonly rows: number }; readonly answer: number };
  /** Gives pages that hold nothing any more back to the file system. */
  readonly giveBack: { readonly request: { readonly pages: number }; readonly answer: null };
  readonly close: { readonly request: null; readonly answer: null };
}
export type JobName = keyof Jobs;

export type JobMessage = {
  readonly [N in JobName]: { readonly id: number; readonly name: N; readonly request: Jobs[N]['request'] };
}[JobName];

export interface JobFailure {
  readonly message: string;
  readonly code: string;
}

export interface StatementFailure {
  readonly failure: JobFailure;
}

/** Answer of a thread; the one with id 0 says whether the file could be opened. */
export type JobAnswer =
  | { readonly id: number; readonly answer: Jobs[JobName]['answer'] }
  | { readonly id: number; readonly failure: JobFailure };
