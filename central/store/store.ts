import { type Kysely, sql } from 'kysely';
import type { Alert, HelloFrame, Server } from '../../wire/index.ts';
import {
  type AlertFilter,
  type AlertRecord,
  newestPosition,
  type PageSize,
  pageOfAlerts,
  type StoredBatch,
  storeBatch,
} from './alerts.ts';
import { openDatabase } from './database.ts';
import type { Dialect } from './dialect.ts';
import {
  type AgentRecord,
  disconnectAll,
  noteAgent,
  pageOfAgents,
  pageOfServers,
  registerAgent,
  replaceInventory,
  type ServerRecord,
} from './fleet.ts';
import type { AgentState, Schema } from './schema.ts';

/** Everything that central keeps. Writes are on disk when their promise resolves. */
export class Store {
  /** For the parts that keep tables of their own. */
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;

  constructor(db: Kysely<Schema>, dialect: Dialect) {
    this.db = db;
    this.dialect = dialect;
  }

  registerAgent(agent: HelloFrame['agent'], now: string): Promise<number> {
    return registerAgent(this.db, agent, now);
  }

  noteAgent(agent: string, state: AgentState, now: string): Promise<void> {
    return noteAgent(this.db, agent, state, now);
  }

  storeBatch(agent: string, alerts: readonly Alert[], received: string): Promise<StoredBatch> {
    return storeBatch(this.db, agent, alerts, received);
  }

  replaceInventory(agent: string, servers: readonly Server[], now: string): Promise<void> {
    return replaceInventory(this.db, agent, servers, now);
  }

  pageOfAlerts(filter: AlertFilter, size: PageSize): Promise<readonly AlertRecord[]> {
    return pageOfAlerts(this.db, filter, size);
  }

  newestPosition(): Promise<number> {
    return newestPosition(this.db);
  }

  pageOfAgents(after: string, rows: number): Promise<readonly AgentRecord[]> {
    return pageOfAgents(this.db, after, rows);
  }

  pageOfServers(
    after: { readonly agent: string; readonly id: string },
    host: string | undefined,
    rows: number,
  ): Promise<readonly ServerRecord[]> {
    return pageOfServers(this.db, after, host, rows);
  }

  /** Rejects where the database cannot be read. */
  async check(): Promise<void> {
    await sql`SELECT count(*) FROM feeds`.execute(this.db);
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

/** Opens the store. @throws {CentralError} CENTRAL_DATABASE_… */
export async function openStore(path: string): Promise<Store> {
  const db = await openDatabase(path);
  await disconnectAll(db);
  return new Store(db, 'sqlite');
}
