import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTwoFilesPatch } from 'diff';

/** Largest text that a copy is kept of, in characters. */
export const MAX_COPY_CHARS = 256 * 1024;
/** Longest diff that is shown, in characters. */
const MAX_DIFF_CHARS = 16 * 1024;
/** Edits after which a diff is given up: the texts have little in common. */
const MAX_EDITS = 2_000;

/**
 * Copies of small text artefacts as they were when they were first seen or sealed, by digest, so that a later
 * change can be shown as a diff. Whoever puts a copy in has taken the secrets out.
 */
export class SealedCopies {
  readonly #directory: string;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'sealed');
  }

  /**
   * Keeps a copy; a text over the limit or with a NUL is passed over. Copies serve diffs only: one that
   * cannot be written is no fault, its diff will be missing.
   */
  put(digest: string, text: string): void {
    if (text.length > MAX_COPY_CHARS || text.includes('\0')) return;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(join(this.#directory, `${digest}.gz`), gzipSync(text), { mode: 0o600, flag: 'wx' });
    } catch {
      // Kept already, or the disk is full.
    }
  }

  /** Whether a copy is kept. */
  has(digest: string): boolean {
    return existsSync(join(this.#directory, `${digest}.gz`));
  }

  get(digest: string): string | null {
    try {
      const packed = readFileSync(join(this.#directory, `${digest}.gz`));
      return gunzipSync(packed, { maxOutputLength: MAX_COPY_CHARS * 4 }).toString('utf8');
    } catch {
      return null;
    }
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
