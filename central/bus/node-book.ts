import type { HelloFrame, Server } from '../../wire/index.ts';
import type { CentralLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AgentState } from '../store/schema.ts';
import { LastWords } from './last-words.ts';
import type { AgentBook } from './sink.ts';

/** Milliseconds that a hello waits for the database before it goes on without. */
const DATABASE_MS = 2_000;
/** Bytes that a note without an inventory is counted as. */
const NOTE_BYTES = 512;

interface NodeBookParts {
  readonly store: AgentBook;
  /** What the bus knows to be durable of an agent. */
  readonly settled: (agent: string) => Promise<number>;
  readonly metrics: Metrics;
  readonly log: CentralLog;
}

/**
 * The book of agents as an ingest node keeps it: a database that is down for hours does not keep an agent from
 * connecting, nor its alerts from the bus. What was learned of agents is written once it is back.
 */
export class NodeBook implements AgentBook {
  readonly #parts: NodeBookParts;
  readonly #words: LastWords;

  constructor(parts: NodeBookParts) {
    this.#parts = parts;
    this.#words = new LastWords(parts);
  }

  /** @throws where neither the bus nor the database can say what is durable */
  async registerAgent(agent: HelloFrame['agent'], now: string): Promise<number> {
    const { store, settled } = this.#parts;
    const register = async () => void (await store.registerAgent(agent, now));
    const [written, published] = await Promise.allSettled([
      this.#direct(() => store.registerAgent(agent, now)),
      settled(agent.id),
    ]);
    if (written.status === 'rejected') this.#words.put(`register ${agent.id}`, NOTE_BYTES, register);
    if (written.status === 'rejected' && published.status === 'rejected') throw published.reason;
    const known = [written, published].map((result) => (result.status === 'fulfilled' ? result.value : 0));
    return Math.max(...known);
  }

  async noteAgent(agent: string, state: AgentState, now: string): Promise<void> {
    await this.#write(`note ${agent}`, NOTE_BYTES, () => this.#parts.store.noteAgent(agent, state, now));
  }

  async replaceInventory(agent: string, servers: readonly Server[], now: string): Promise<void> {
    const bytes = JSON.stringify(servers).length;
    await this.#write(`inventory ${agent}`, bytes, () =>
      this.#parts.store.replaceInventory(agent, servers, now),
    );
  }

  async stop(): Promise<void> {
    await this.#words.stop();
  }

  async #write(key: string, bytes: number, write: () => Promise<void>): Promise<void> {
    try {
      await this.#direct(write);
      this.#words.forget(key);
    } catch {
      this.#words.put(key, bytes, write);
    }
  }

  /** Asks the database, unless it was away just now; gives up waiting after a moment. */
  async #direct<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#words.isBehind) throw new Error('the database was away just now');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the database does not answer in time')), DATABASE_MS);
    });
    try {
      return await Promise.race([ask(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
