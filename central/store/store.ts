import { type Kysely, sql } from 'kysely';
import { type HelloFrame, limits, type Server } from '../../wire/index.ts';
import {
  type AlertFilter,
  type AlertOrder,
  type AlertRecord,
  counterOf,
  newestPosition,
  type PageSize,
  pageOfAlerts,
} from './alerts.ts';
import { type Batch, isRefused, packBatches, type RefusedBatch, type StoredBatch } from './batches.ts';
import { type Database, type DatabaseUse, openDatabase } from './database.ts';
import type { Dialect } from './dialect.ts';
import { disconnectAll, registerAgent, replaceInventory } from './fleet.ts';
import type { DatabasePlace } from './place.ts';
import type { Schema } from './schema.ts';
import { searchAlerts } from './search/search.ts';

/** Everything that central keeps. Writes are on disk when their promise resolves. */
export class Store {
  /** For the parts that keep tables of their own. */
  readonly db: Kysely<Schema>;
  /** For leases, which nothing else may hold up. */
  readonly leases: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly #database: Database;

  constructor(database: Database) {
    this.db = database.db;
    this.leases = database.leases;
    this.dialect = database.dialect;
    this.#database = database;
  }

  registerAgent(agent: HelloFrame['agent'], now: string): Promise<number> {
    return registerAgent(this.db, agent, now);
  }

  /**
   * Stores a group of batches in one transaction, in their order. A batch that cannot be stored is refused alone,
   * with later ones of its agent: what is acknowledged must have no gap.
   * @throws {CentralError} where the database cannot be written: nothing is stored
   */
  async storeBatches(batches: readonly Batch[]): Promise<readonly (StoredBatch | RefusedBatch)[]> {
    const packed = packBatches(batches);
    const fit = packed.flatMap((batch) => (isRefused(batch) ? [] : [batch]));
    const settled = fit.length === 0 ? [] : await this.#database.append(fit);
    const outcomes = settled.values();
    return batches.map(({ alerts }, index) => {
      const batch = packed[index];
      const outcome = batch === undefined || isRefused(batch) ? batch : outcomes.next().value;
      if (outcome === undefined)
        throw new TypeError('the database answered for fewer batches than it was given');
      if (outcome.kind === 'refused') return outcome;
      const { acked, repeated, conflicting } = outcome;
      const isRepeated = new Set(repeated);
      const fresh = repeated.length === 0 ? alerts : alerts.filter((_, at) => !isRepeated.has(at));
      return { kind: 'stored', acked, fresh, duplicates: repeated.length, conflicting };
    });
  }

  replaceInventory(agent: string, servers: readonly Server[], now: string): Promise<void> {
    return replaceInventory(this.db, agent, servers, now);
  }

  pageOfAlerts(
    filter: AlertFilter,
    size: PageSize,
    order: AlertOrder = 'oldest',
  ): Promise<readonly AlertRecord[]> {
    return pageOfAlerts(this.db, filter, size, order);
  }

  /** Alerts that hold all words of a text, the newest first. What is not indexed yet is not found. */
  searchAlerts(text: string, filter: AlertFilter, size: PageSize): Promise<readonly AlertRecord[]> {
    return searchAlerts(this.db, this.dialect, text, filter, size);
  }

  /** Adds the next alerts to what searches find. Answers how many, at most `rows`. */
  indexAlerts(rows: number): Promise<number> {
    return this.#database.index(rows);
  }

  /** Alerts at most that searches do not find yet. */
  async searchLag(): Promise<number> {
    return Math.max(0, (await this.newestPosition()) - (await counterOf(this.db, 'search_position')));
  }

  /** Gives the space of some deleted rows back to the file system; PostgreSQL does so by itself. */
  giveBackSpace(): Promise<void> {
    return this.#database.giveBackSpace();
  }

  newestPosition(): Promise<number> {
    return newestPosition(this.db);
  }

  /** Rejects where the database cannot be read. */
  async check(): Promise<void> {
    await sql`SELECT count(*) FROM feeds`.execute(this.db);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/**
 * When an agent is certainly not connected any more, whatever the table says: always after a crash of the one central
 * of a file; beside other nodes, once its heartbeats are overdue.
 */
function staleSince(dialect: Dialect, now: number): string | null {
  return dialect === 'sqlite' ? null : new Date(now - 2 * limits.SILENCE_MS).toISOString();
}

/** Opens the store. @throws {CentralError} CENTRAL_DATABASE_… */
export async function openStore(place: DatabasePlace, use: DatabaseUse = 'central'): Promise<Store> {
  const database = await openDatabase(place, use);
  if (use === 'central') await disconnectAll(database.db, staleSince(database.dialect, Date.now()));
  return new Store(database);
}
