import {
  type CompiledQuery,
  type DatabaseConnection,
  DeleteQueryNode,
  type Dialect,
  type Driver,
  InsertQueryNode,
  type Kysely,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  UpdateQueryNode,
} from 'kysely';
import type { Statement, StatementResult } from './jobs.ts';
import type { SqliteThreads } from './threads.ts';

function isChange(query: CompiledQuery['query']): boolean {
  return InsertQueryNode.is(query) || UpdateQueryNode.is(query) || DeleteQueryNode.is(query);
}

class ThreadConnection implements DatabaseConnection {
  readonly #threads: SqliteThreads;
  #endTurn: (() => void) | null = null;

  constructor(threads: SqliteThreads) {
    this.#threads = threads;
  }

  /** IMMEDIATE: a transaction that reads first would otherwise fail where another process wrote in between. */
  async begin(): Promise<void> {
    this.#endTurn = await this.#threads.turns.take();
    await this.#threads.writer.do('run', { sql: 'BEGIN IMMEDIATE', parameters: [] });
  }

  async commit(): Promise<void> {
    await this.#threads.writer.do('run', { sql: 'COMMIT', parameters: [] });
  }

  async rollback(): Promise<void> {
    await this.#threads.writer.do('rollback', null);
  }

  release(): void {
    this.#endTurn?.();
    this.#endTurn = null;
  }

  async executeQuery<R>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.#run({ sql, parameters }, query);
    const rows = result.rows as R[];
    if (result.changed === null) return { rows };
    const { count, lastId } = result.changed;
    return { rows, numAffectedRows: BigInt(count), insertId: BigInt(lastId) };
  }

  async #run(statement: Statement, query: CompiledQuery['query']): Promise<StatementResult> {
    const { writer, reader, turns } = this.#threads;
    if (this.#endTurn !== null) return await writer.do('run', statement);
    if (SelectQueryNode.is(query)) return await reader.do('run', statement);
    if (isChange(query)) return await this.#threads.change(statement);
    return await turns.within(() => writer.do('run', statement));
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

function ours(connection: DatabaseConnection): ThreadConnection {
  if (connection instanceof ThreadConnection) return connection;
  throw new TypeError('the connection belongs to another driver');
}

class ThreadDriver implements Driver {
  readonly #threads: SqliteThreads;

  constructor(threads: SqliteThreads) {
    this.#threads = threads;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new ThreadConnection(this.#threads);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).begin();
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).rollback();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    ours(connection).release();
  }

  async destroy(): Promise<void> {
    await this.#threads.reader.close();
    // Last, so that it is the writer that puts its log into the file.
    await this.#threads.writer.close();
  }
}

/** Connections share the two threads, so that there may be any number of them. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Kysely over the threads of an SQLite file. */
export class ThreadDialect implements Dialect {
  readonly #threads: SqliteThreads;

  constructor(threads: SqliteThreads) {
    this.#threads = threads;
  }

  createAdapter(): SqliteAdapter {
    return new ThreadAdapter();
  }

  createDriver(): Driver {
    return new ThreadDriver(this.#threads);
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }
}
