import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { isExposed, writeDurably } from '../../approval/index.ts';
import { sha256Hex } from '../../inventory/index.ts';
import { CliError } from '../errors.ts';
import { SERVICE_PARTS, type ServicePart } from './parts.ts';

const MAX_RECORD_BYTES = 64 * 1024;
const MAX_FILES = 64;

const recordSchema = z.strictObject({
  v: z.literal(1),
  files: z
    .array(
      z.strictObject({
        part: z.enum(SERVICE_PARTS),
        path: z.string().max(1_024),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(MAX_FILES),
});

/** A file that an install wrote. */
export interface WrittenFile {
  readonly part: ServicePart;
  /** As the installed system sees it. */
  readonly path: string;
  readonly sha256: string;
}

/** Where the record lies, as the installed system sees it. Root's, unlike the state directory. */
export const RECORD_PATH = '/etc/sealwatch/service.json';

/** What `service install` wrote, with digests, so that an uninstall knows what is its own. */
export class ServiceRecord {
  readonly #path: string;

  /** `path` is where the record lies on this host. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {CliError} CLI_SERVICE_RECORD_UNREADABLE where it is broken or others could have written it */
  read(): readonly WrittenFile[] {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    try {
      if (isExposed(this.#path)) throw new Error('others could have written it');
      if (stat.size > MAX_RECORD_BYTES) throw new Error(`over ${MAX_RECORD_BYTES} bytes`);
      return recordSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).files;
    } catch (cause) {
      throw new CliError('CLI_SERVICE_RECORD_UNREADABLE', `${this.#path} cannot be believed`, {
        cause,
        hint: 'look at it, remove it, and install again',
      });
    }
  }

  /** Replaces the record; an empty one is removed. */
  write(files: readonly WrittenFile[]): void {
    if (files.length === 0) {
      rmSync(this.#path, { force: true });
      return;
    }
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o755 });
    writeDurably(this.#path, `${JSON.stringify({ v: 1, files }, null, 2)}\n`, 0o644);
  }
}

/** Digest of a file as it lies there; null where there is none. */
export function fileDigest(path: string): string | null {
  try {
    return sha256Hex(readFileSync(path));
  } catch {
    return null;
  }
}
