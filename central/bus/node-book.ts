import type { Server } from '../../wire/index.ts';
import type { Store } from '../store/store.ts';
import type { LastWords } from './last-words.ts';
import type { AgentBook } from './sink.ts';

/** The book of agents as an ingest node keeps it: what the database cannot take now is written once it can. */
export class NodeBook implements AgentBook {
  readonly #store: Pick<Store, 'replaceInventory'>;
  readonly #words: LastWords;

  constructor(store: Pick<Store, 'replaceInventory'>, words: LastWords) {
    this.#store = store;
    this.#words = words;
  }

  async replaceInventory(agent: string, servers: readonly Server[], now: string): Promise<void> {
    const bytes = JSON.stringify(servers).length;
    // The session need not wait: a newer inventory replaces this one, and a node that dies is told it again.
    this.#words.put(`inventory ${agent}`, bytes, () => this.#store.replaceInventory(agent, servers, now));
  }
}
