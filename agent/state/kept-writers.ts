import { basename } from 'node:path';
import * as z from 'zod';
import type { Writer } from '../enrich/file-actors.ts';
import type { AgentDatabase } from './database.ts';

/** Paths of which the last writer is kept; the one kept longest goes first. */
const MAX_KEPT = 5_000;

const keptSchema = z.object({
  time: z.number(),
  pid: z.number(),
  name: z.string(),
  server_id: z.string().nullable(),
});
/** What is kept of the process that wrote a path last. */
export type KeptWriter = Readonly<z.infer<typeof keptSchema>>;

/** What is kept of a writer. */
export function keptOf({ time, actor, serverId }: Writer): KeptWriter {
  return { time, pid: actor.pid, name: basename(actor.exe), server_id: serverId };
}

/** Who wrote an artefact last, so that `show` can tell it. The database is opened at the first use. */
export class KeptWriters {
  readonly #open: () => AgentDatabase;

  constructor(open: () => AgentDatabase) {
    this.#open = open;
  }

  put(path: string, writer: Writer): void {
    const database = this.#open();
    database
      .prepare('INSERT OR REPLACE INTO writer (path, body) VALUES (?, ?)')
      .run(path, JSON.stringify(keptOf(writer)));
    database
      .prepare(
        'DELETE FROM writer WHERE rowid <= (SELECT rowid FROM writer ORDER BY rowid DESC LIMIT 1 OFFSET ?)',
      )
      .run(MAX_KEPT);
  }

  /** Null where none is kept, or the database cannot be read. */
  of(path: string): KeptWriter | null {
    try {
      const row = this.#open()
        .prepare<[string], { body: string }>('SELECT body FROM writer WHERE path = ?')
        .get(path);
      return row === undefined ? null : keptSchema.parse(JSON.parse(row.body));
    } catch {
      return null;
    }
  }
}
