import { gunzipSync, gzipSync } from 'node:zlib';
import { createTwoFilesPatch } from 'diff';
import type { AgentDatabase } from './database.ts';

/** Largest text that a copy is kept of, in characters. */
export const MAX_COPY_CHARS = 256 * 1024;
/** Longest diff that is shown, in characters. */
const MAX_DIFF_CHARS = 16 * 1024;
/** Edits after which a diff is given up: the texts have little in common. */
const MAX_EDITS = 2_000;
/** Bytes of all copies together; the oldest go first. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Copies of small text artefacts as they were when they were first seen or sealed, compressed, by digest, so that a
 * later change can be shown as a diff. Whoever puts a copy in has taken the secrets out. The database is opened at
 * the first use.
 */
export class SealedCopies {
  readonly #open: () => AgentDatabase;
  readonly #maxBytes: number;
  #statements: ReturnType<typeof prepare> | null = null;

  constructor(open: () => AgentDatabase, maxBytes: number = MAX_KEPT_BYTES) {
    this.#open = open;
    this.#maxBytes = maxBytes;
  }

  /**
   * Keeps a copy; a text over the limit or with a NUL is passed over. Copies serve diffs only: one that
   * cannot be written is no fault, its diff will be missing.
   */
  put(digest: string, text: string): void {
    if (text.length > MAX_COPY_CHARS || text.includes('\0')) return;
    try {
      const statements = this.#prepared();
      if (statements.put.run(digest, gzipSync(text)).changes === 0) return;
      while (
        (statements.total.get()?.bytes ?? 0) > this.#maxBytes &&
        statements.dropOldest.run().changes > 0
      );
    } catch {
      // The disk is full, or another user's command holds the database.
    }
  }

  /** Whether a copy is kept. */
  has(digest: string): boolean {
    try {
      return this.#prepared().has.get(digest) !== undefined;
    } catch {
      return false;
    }
  }

  get(digest: string): string | null {
    try {
      const row = this.#prepared().get.get(digest);
      if (row === undefined) return null;
      return gunzipSync(row.body, { maxOutputLength: MAX_COPY_CHARS * 4 }).toString('utf8');
    } catch {
      return null;
    }
  }

  #prepared(): ReturnType<typeof prepare> {
    this.#statements ??= prepare(this.#open());
    return this.#statements;
  }

  /** Unified diff between two kept texts; null where one of them is not kept or they have little in common. */
  diff(path: string, before: string | null, after: string | null): string | null {
    const old = before === null ? '' : this.get(before);
    const fresh = after === null ? '' : this.get(after);
    if (old === null || fresh === null) return null;
    const patch = createTwoFilesPatch(path, path, old, fresh, 'sealed', 'now', {
      context: 2,
      maxEditLength: MAX_EDITS,
    });
    if (patch === undefined) return null;
    const body = patch.slice(patch.indexOf('--- ')).replaceAll('\t', ' ');
    return body.length > MAX_DIFF_CHARS ? `${body.slice(0, MAX_DIFF_CHARS)}\n… cut\n` : body;
  }
}

function prepare(database: AgentDatabase) {
  return {
    put: database.prepare<[string, Buffer]>('INSERT OR IGNORE INTO sealed_copy (digest, body) VALUES (?, ?)'),
    has: database.prepare<[string], { one: number }>('SELECT 1 AS one FROM sealed_copy WHERE digest = ?'),
    get: database.prepare<[string], { body: Buffer }>('SELECT body FROM sealed_copy WHERE digest = ?'),
    total: database.prepare<[], { bytes: number }>(
      'SELECT coalesce(sum(length(body)), 0) AS bytes FROM sealed_copy',
    ),
    dropOldest: database.prepare('DELETE FROM sealed_copy WHERE id = (SELECT min(id) FROM sealed_copy)'),
  };
}
