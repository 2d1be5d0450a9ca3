import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { isExposed, MAX_NAME_LENGTH } from '../../approval/index.ts';
import { readRegular } from '../../inventory/index.ts';
import { MAX_RECORD_TEXT } from '../../wire/index.ts';
import type { ManifestTool } from './manifest.ts';
import { MAX_TOOLS } from './tool.ts';

/** Bytes of one file. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Files that are read to know the tools of other servers. */
const MAX_MANIFESTS = 200;
/** Milliseconds after which a server that was not started is one that is no longer there. */
const MAX_AGE_MS = 30 * 86_400_000;
const DIRECTORY = 'manifests';
const SUFFIX = '.json';
/** Ids are hexadecimal, so that none names another directory. */
const ID = /^[0-9a-f]{1,64}$/;

const text = z.string().max(MAX_RECORD_TEXT);
const manifestSchema = z
  .object({
    v: z.literal(1),
    /** Client and name of the server's entry. */
    client: text,
    name: text,
    under: text,
    tools: z
      .array(
        z.object({
          name: z.string().min(1).max(MAX_NAME_LENGTH),
          digest: z.string().regex(/^[0-9a-f]{64}$/),
          description: text,
        }),
      )
      .max(MAX_TOOLS),
  })
  .readonly();
type Manifest = z.infer<typeof manifestSchema>;

/** How the entry of a server is called. */
export interface EntryName {
  readonly client: string;
  readonly name: string;
}

/**
 * The tools that servers gave when they were seen first, each as `manifests/<id>.json` in the state directory of the user
 * whose guards they are: trust on first use, bound to what the server was then (`under`, the digest of its closure and the
 * serial of its approval). A file that is damaged, or that others could have written, is none.
 */
export class KeptManifests {
  readonly #directory: string;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, DIRECTORY);
  }

  /** The tools that were seen first; null where the server was never seen as it is now. */
  read(serverId: string, under: string): readonly ManifestTool[] | null {
    const manifest = this.#read(serverId);
    return manifest?.under === under ? manifest.tools : null;
  }

  /** The tools that were seen last under whatever approval, for a person to approve. */
  seen(serverId: string): readonly ManifestTool[] | null {
    return this.#read(serverId)?.tools ?? null;
  }

  /** Keeps the tools of a server by rename; false where it could not, and then the next session is the first again. */
  write(
    serverId: string,
    under: string,
    tools: readonly ManifestTool[],
    entry: EntryName = { client: '', name: serverId },
  ): boolean {
    if (!ID.test(serverId)) return false;
    const path = join(this.#directory, `${serverId}${SUFFIX}`);
    const next = `${path}.${randomBytes(6).toString('hex')}`;
    try {
      const manifest = { v: 1, client: entry.client, name: entry.name, under, tools };
      const bytes = JSON.stringify(manifestSchema.parse(manifest));
      if (Buffer.byteLength(bytes) > MAX_FILE_BYTES) return false;
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(next, bytes, { flag: 'wx', mode: 0o600 });
      renameSync(next, path);
      return true;
    } catch {
      discard(next);
      return false;
    }
  }

  /**
   * Names of the tools of other servers that were kept within 30 days, by name of the server: those of one client, or of all
   * where none is named.
   */
  others(serverId: string, client?: string, now: Date = new Date()): ReadonlyMap<string, readonly string[]> {
    const others = new Map<string, readonly string[]>();
    for (const id of this.#ids()) {
      if (id === serverId || this.#age(id, now) > MAX_AGE_MS) continue;
      const manifest = this.#read(id);
      if (manifest === null || (client !== undefined && manifest.client !== client)) continue;
      const names = manifest.tools.map(({ name }) => name);
      others.set(manifest.name, [...(others.get(manifest.name) ?? []), ...names]);
    }
    return others;
  }

  #ids(): readonly string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .filter((id) => ID.test(id))
        .slice(0, MAX_MANIFESTS);
    } catch {
      return [];
    }
  }

  #age(id: string, now: Date): number {
    const stat = statSync(join(this.#directory, `${id}${SUFFIX}`), { throwIfNoEntry: false });
    return stat === undefined ? Number.POSITIVE_INFINITY : now.getTime() - stat.mtimeMs;
  }

  #read(serverId: string): Manifest | null {
    if (!ID.test(serverId)) return null;
    try {
      const path = join(this.#directory, `${serverId}${SUFFIX}`);
      if (isExposed(this.#directory) || isExposed(path)) return null;
      const bytes = readRegular(path, MAX_FILE_BYTES);
      return bytes === null ? null : manifestSchema.parse(JSON.parse(bytes.toString('utf8')));
    } catch {
      return null;
    }
  }
}

/** Removes what is left of a file that could not be put in its place. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It was never made: its directory is none.
  }
}
