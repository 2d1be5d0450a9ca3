import * as z from 'zod';
import type { Meta } from './database.ts';

const KEY = 'authority';
const authoritySchema = z.record(
  z.string(),
  z.object({ kind: z.enum(['trust', 'approval']), is: z.string() }),
);
/** What decides whom to believe, by path: trust roots by key id, approvals by digest or by what is wrong. */
export type Authority = Readonly<z.infer<typeof authoritySchema>>;

/** The authority as of the last look, kept across restarts. */
export class AuthorityStore {
  readonly #meta: Meta;
  #text: string | null;

  constructor(meta: Meta) {
    this.#meta = meta;
    this.#text = meta.get(KEY);
  }

  /** Null before the first look ever. */
  load(): Authority | null {
    return this.#text === null ? null : authoritySchema.parse(JSON.parse(this.#text));
  }

  isKept(authority: Authority): boolean {
    return this.#text === JSON.stringify(authority);
  }

  put(authority: Authority): void {
    if (this.isKept(authority)) return;
    const text = JSON.stringify(authority);
    this.#meta.set(KEY, text);
    this.#text = text;
  }
}
