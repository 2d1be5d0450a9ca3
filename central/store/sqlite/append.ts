import type { Database, Statement } from 'better-sqlite3';
import {
  AGENT_UNKNOWN,
  ALERT_COLUMNS,
  ID_TAKEN,
  type PackedBatch,
  type RefusedBatch,
  type SettledBatch,
} from '../batches.ts';

interface Statements {
  readonly insert: Statement<unknown[]>;
  readonly idOf: Statement<unknown[], string>;
  readonly lastSeq: Statement<unknown[], number>;
  readonly raise: Statement<unknown[]>;
  readonly count: Statement<unknown[]>;
}

function prepare(database: Database): Statements {
  const names = ALERT_COLUMNS.map((name) => `"${name}"`).join(', ');
  const marks = ALERT_COLUMNS.map(() => '?').join(', ');
  return {
    insert: database.prepare(`INSERT INTO alerts (${names}) VALUES (${marks}) ON CONFLICT DO NOTHING`),
    idOf: database.prepare<unknown[], string>('SELECT id FROM alerts WHERE agent = ? AND seq = ?').pluck(),
    lastSeq: database.prepare<unknown[], number>('SELECT last_seq FROM agents WHERE id = ?').pluck(),
    raise: database.prepare('UPDATE agents SET last_seq = ?, last_seen = ? WHERE id = ?'),
    count: database.prepare('UPDATE counters SET value = value + ? WHERE name = ?'),
  };
}

/** Stores groups of batches, each group in one transaction. */
export class SqliteAppender {
  readonly #database: Database;
  #statements: Statements | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores what can be stored of a group. A batch that is refused takes only later ones of its agent with it. */
  append(batches: readonly PackedBatch[]): readonly SettledBatch[] {
    this.#statements ??= prepare(this.#database);
    const statements = this.#statements;
    const refused = new Map<string, RefusedBatch>();
    return this.#database
      .transaction(() =>
        batches.map((batch) => {
          const earlier = refused.get(batch.agent);
          if (earlier !== undefined) return earlier;
          const settled = this.#appendOne(statements, batch);
          if (settled.kind === 'refused') refused.set(batch.agent, settled);
          return settled;
        }),
      )
      .immediate();
  }

  #appendOne(statements: Statements, batch: PackedBatch): SettledBatch {
    const lastSeq = statements.lastSeq.get(batch.agent);
    if (lastSeq === undefined) return AGENT_UNKNOWN;
    this.#database.exec('SAVEPOINT batch');
    const repeated: number[] = [];
    let bytes = 0;
    for (const [index, row] of batch.rows.entries()) {
      if (statements.insert.run(row.cells).changes === 0) repeated.push(index);
      else bytes += row.bytes;
    }
    const stored = repeated.map((index) => statements.idOf.get(batch.agent, batch.rows[index]?.seq));
    if (stored.includes(undefined)) {
      this.#database.exec('ROLLBACK TO batch; RELEASE batch');
      return ID_TAKEN;
    }
    const acked = Math.max(lastSeq, batch.highest);
    statements.raise.run(acked, batch.received, batch.agent);
    statements.count.run(bytes, 'alert_bytes');
    statements.count.run(batch.rows.length - repeated.length, 'alert_rows');
    this.#database.exec('RELEASE batch');
    const conflicting = repeated.filter((place, index) => stored[index] !== batch.rows[place]?.id).length;
    return { kind: 'stored', acked, repeated, conflicting };
  }
}
