import type { Statement, StatementResult } from './jobs.ts';
import type { SqliteThread } from './thread.ts';
import { Turns } from './turns.ts';

/** Single changes that one transaction takes at most. */
const GROUP_CHANGES = 1_000;

interface WaitingChange {
  readonly statement: Statement;
  readonly resolve: (result: StatementResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The threads of one file. Whoever writes waits for its turn with the writer; reads see what is committed. Changes of
 * one statement that wait at the same time, such as the heartbeats of a fleet, share a transaction and its sync.
 */
export class SqliteThreads {
  readonly writer: SqliteThread;
  readonly reader: SqliteThread;
  readonly turns = new Turns();
  #changes: WaitingChange[] = [];

  constructor(writer: SqliteThread, reader: SqliteThread) {
    this.writer = writer;
    this.reader = reader;
  }

  /** Makes a change that is a transaction by itself. */
  change(statement: Statement): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      this.#changes.push({ statement, resolve, reject });
      // The first that waits asks for a turn for all that have come by then.
      if (this.#changes.length === 1) void this.turns.within(() => this.#makeChanges());
    });
  }

  async #makeChanges(): Promise<void> {
    const group = this.#changes.splice(0, GROUP_CHANGES);
    if (this.#changes.length > 0) void this.turns.within(() => this.#makeChanges());
    try {
      const statements = group.map(({ statement }) => statement);
      const results = await this.writer.do('runAll', statements);
      for (const [index, result] of results.entries()) {
        if ('failure' in result) group[index]?.reject(this.writer.told(result.failure));
        else group[index]?.resolve(result);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
