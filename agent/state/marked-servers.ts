import { type Server, serverSchema } from '../../wire/index.ts';
import type { AgentDatabase } from './database.ts';

/** Servers kept; the one kept longest goes first. */
const MAX_MARKED = 10_000;

/**
 * What the tags stand for that processes bear in the kernel: the marks outlive the agent, and a server may have
 * left its config while its processes run on.
 */
export class MarkedServers {
  readonly #put;
  readonly #cut;
  readonly #all;

  constructor(database: AgentDatabase) {
    this.#put = database.prepare<[string, string]>(
      'INSERT INTO marked (tag, body) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET body = excluded.body',
    );
    this.#cut = database.prepare<[number]>(
      'DELETE FROM marked WHERE rowid <= (SELECT rowid FROM marked ORDER BY rowid DESC LIMIT 1 OFFSET ?)',
    );
    this.#all = database.prepare<[], { tag: string; body: string }>('SELECT tag, body FROM marked');
  }

  /** What cannot be kept, since the disk is full, is not known any more after a restart. */
  put(tag: string, server: Server): void {
    try {
      this.#put.run(tag, JSON.stringify(server));
      this.#cut.run(MAX_MARKED);
    } catch {
      // The agent goes on: what it sees now matters more than what it would know later.
    }
  }

  /** By tag; what cannot be read is left out. */
  load(): ReadonlyMap<string, Server> {
    const rows = this.#all.all().map(({ tag, body }) => {
      const parsed = serverSchema.safeParse(JSON.parse(body));
      return parsed.success ? ([[tag, parsed.data]] as const) : [];
    });
    return new Map(rows.flat());
  }
}
