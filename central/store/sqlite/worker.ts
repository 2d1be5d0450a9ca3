import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { SqliteAppender } from './append.ts';
import { openFile } from './file.ts';
import { indexNext } from './indexing.ts';
import type {
  JobAnswer,
  JobFailure,
  JobMessage,
  Jobs,
  Statement,
  StatementFailure,
  StatementResult,
} from './jobs.ts';
import { Statements } from './statements.ts';

/** Result codes of a statement that cannot be run, whatever the state of the disk. */
const STATEMENT_FAULT = /^SQLITE_(CONSTRAINT|ERROR|MISMATCH|RANGE|TOOBIG)/;

function failureOf(error: unknown): JobFailure {
  if (!(error instanceof Error)) return { message: String(error), code: '' };
  return { message: error.message, code: String(Reflect.get(error, 'code') ?? '') };
}

function runStatement(statements: Statements, { sql, parameters }: Statement): StatementResult {
  const statement = statements.prepare(sql);
  if (statement.reader) return { rows: statement.all(parameters), changed: null };
  const { changes, lastInsertRowid } = statement.run(parameters);
  return { rows: [], changed: { count: changes, lastId: lastInsertRowid } };
}

function isStatementsFault(error: unknown): boolean {
  return !(error instanceof SqliteDatabase.SqliteError) || STATEMENT_FAULT.test(error.code);
}

function runAll(
  database: Database,
  statements: Statements,
  wanted: readonly Statement[],
): readonly (StatementResult | StatementFailure)[] {
  const runOne = (statement: Statement) => {
    try {
      return runStatement(statements, statement);
    } catch (error) {
      if (!isStatementsFault(error) || !database.inTransaction) throw error;
      return { failure: failureOf(error) };
    }
  };
  return database.transaction(() => wanted.map(runOne)).immediate();
}

function rollBack(database: Database): null {
  if (database.inTransaction) database.exec('ROLLBACK');
  return null;
}

/** By `exec`, which runs to the end: each step of this statement gives back one page only. */
function giveBack(database: Database, { pages }: Jobs['giveBack']['request']): null {
  database.exec(`PRAGMA incremental_vacuum(${pages})`);
  return null;
}

function close(database: Database): null {
  database.close();
  return null;
}

/** Does the jobs that come over a port, one after the other, on a connection of its own. */
function serve(port: MessagePort, database: Database): void {
  const statements = new Statements(database);
  const appender = new SqliteAppender(database);
  const doJob = (job: JobMessage): Jobs[keyof Jobs]['answer'] => {
    switch (job.name) {
      case 'run':
        return runStatement(statements, job.request);
      case 'runAll':
        return runAll(database, statements, job.request);
      case 'rollback':
        return rollBack(database);
      case 'append':
        return appender.append(job.request);
      case 'index':
        return indexNext(database, job.request.rows);
      case 'giveBack':
        return giveBack(database, job.request);
      case 'close':
        return close(database);
    }
  };
  port.on('message', (job: JobMessage) => {
    let answer: JobAnswer;
    try {
      answer = { id: job.id, answer: doJob(job) };
    } catch (error) {
      answer = { id: job.id, failure: failureOf(error) };
    }
    port.postMessage(answer);
    if (job.name === 'close') port.close();
  });
}

if (parentPort !== null) {
  try {
    serve(parentPort, openFile(workerData));
    parentPort.postMessage({ id: 0, answer: null });
  } catch (error) {
    parentPort.postMessage({ id: 0, failure: failureOf(error) });
  }
}
