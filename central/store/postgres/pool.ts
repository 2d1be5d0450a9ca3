import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { tellPostgres } from '../failures.ts';
import { describePlace } from '../place.ts';

/** Milliseconds for a new connection, login included. */
const CONNECT_MS = 5_000;
/** Milliseconds after which the server ends a statement, and a transaction in which nothing happens. */
const STATEMENT_MS = 30_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/** Milliseconds after which a connection without an answer is given up: the network is gone without a word. */
const ANSWER_MS = 45_000;
const KEEP_ALIVE_MS = 10_000;
/** Name of central's sessions in `pg_stat_activity`. */
export const APPLICATION_NAME = 'sealwatch-central';
/** OID of int8 (pg_type.dat): central's whole numbers stay below 2^53. */
const INT8 = 20;

const TYPES = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
};

/** A client whose errors are told as central's; one that did not answer is not used again. */
class ToldClient implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #place: string;
  #isLost = false;

  constructor(client: pg.PoolClient, place: string) {
    this.#client = client;
    this.#place = place;
  }

  /** Statements only: central opens no cursors. */
  query(text: unknown, parameters: readonly unknown[] = []): never {
    return this.#run(String(text), parameters) as never;
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isLost);
  }

  async #run(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    try {
      return (await this.#client.query(text, [...parameters])) as unknown as PostgresQueryResult<unknown>;
    } catch (cause) {
      const state = stateOf(cause);
      if (state === null) this.#isLost = true;
      throw tellPostgres(cause, state, this.#place);
    }
  }
}

/** SQLSTATE of an error that the server sent; null for one of the connection. */
function stateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : null;
}

/**
 * Connections to a PostgreSQL database: opened when they are needed, dropped when they fail, so that central goes on
 * by itself once the server is back.
 */
export class ToldPool implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #place: string;

  /** `connections`: how many there are at most; `answerMs`: how long one may be without an answer. */
  constructor(url: string, connections: number, answerMs = ANSWER_MS) {
    this.#place = describePlace({ postgresUrl: url });
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      application_name: APPLICATION_NAME,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      query_timeout: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      types: TYPES,
    });
    // Without a listener a connection that the server ends would end this process; the next query tells of it.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  get options(): object {
    return this.#pool.options;
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new ToldClient(await this.#pool.connect(), this.#place);
    } catch (cause) {
      throw tellPostgres(cause, stateOf(cause), this.#place);
    }
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}
