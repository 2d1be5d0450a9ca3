import * as z from 'zod';
import type { Meta } from './database.ts';

const KEY = 'package';
const knownPackageSchema = z.object({
  /** Root of the installation. */
  root: z.string(),
  package: z.string(),
  version: z.string(),
  /** Id of the key that signed its manifest. */
  key: z.string(),
  /** SHA-256 of the manifest as it lay there. */
  manifest: z.string(),
});
/** The release that was last found whole. */
export type KnownPackage = Readonly<z.infer<typeof knownPackageSchema>>;

const TOLD = 'package_told';

/** What is remembered of the installation over restarts: the release, and which faults were told. */
export class PackageMemory {
  readonly #meta: Meta;

  constructor(meta: Meta) {
    this.#meta = meta;
  }

  /** The release that was found at this root; null where there was none. */
  at(root: string): KnownPackage | null {
    const text = this.#meta.get(KEY);
    if (text === null) return null;
    const known = knownPackageSchema.parse(JSON.parse(text));
    return known.root === root ? known : null;
  }

  keep(known: KnownPackage): void {
    this.#meta.set(KEY, JSON.stringify(known));
  }

  /** Digest of the faults that were told last; empty where all was well since. */
  get told(): string {
    return this.#meta.get(TOLD) ?? '';
  }

  setTold(digest: string): void {
    this.#meta.set(TOLD, digest);
  }
}
