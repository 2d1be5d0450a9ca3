import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OTHERS_MAY_WRITE, type PackageManifest } from '../../approval/index.ts';
import type { Pace } from './pace.ts';

/** Directories of an installation that hold nothing but what the manifest names. */
export const PACKAGE_DIRECTORIES = ['bin', 'dist', 'runtime', 'node_modules', 'rules'] as const;
/** Bytes read at once. */
const PIECE_BYTES = 256 * 1024;
/** What looking at one file costs beside its content, in bytes of the pace. */
const FILE_COST_BYTES = 4 * 1024;
/** Names below an installation that are looked at; more is a fault of its own. */
const MAX_ENTRIES = 200_000;
const MAX_DIRECTORY_DEPTH = 64;
/** Faults that are kept; more are counted. */
const MAX_FAULTS = 1_000;
const MAY_EXECUTE = 0o111n;

type ManifestFile = PackageManifest['files'][number];

/** What is wrong with one file of an installation. */
export interface FileFault {
  /** Below the root of the installation. */
  readonly path: string;
  readonly reason: string;
  /** What was found, so that another change of the same file is told from this one. */
  readonly found: string;
}

/** The faults of an installation; `more` were found beside those that are listed. */
export interface Faults {
  readonly listed: readonly FileFault[];
  readonly more: number;
}

/**
 * Compares the files of an installation with its manifest. Links are followed nowhere: one in the place of a file is a
 * fault.
 */
export class InstalledFiles {
  readonly #root: string;
  /** Of files whose content was as it should be: what stat(2) said of them. */
  readonly #sound = new Map<string, string>();
  readonly #buffer = Buffer.allocUnsafe(PIECE_BYTES);

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * `scope` `all` reads every file; `touched` only those whose inode, size or times are not as they were when their
   * content was last seen to be right.
   */
  async faults({ files }: PackageManifest, scope: 'all' | 'touched', pace: Pace): Promise<Faults> {
    const found: FileFault[] = [];
    const names = new Set(files.map(({ path }) => path));
    for (const file of files) {
      await pace.spend(FILE_COST_BYTES);
      found.push(...(await this.#faultsOf(file, scope, pace)));
    }
    found.push(...(await this.#faultsOfDirectory('.', await lstat(this.#root, { bigint: true }))));
    const walk = { entries: 0, found, names, pace };
    for (const name of PACKAGE_DIRECTORIES) await this.#walk(name, 0, walk);
    for (const path of this.#sound.keys()) if (!names.has(path)) this.#sound.delete(path);
    return { listed: found.slice(0, MAX_FAULTS), more: Math.max(0, found.length - MAX_FAULTS) };
  }

  async #faultsOf(file: ManifestFile, scope: 'all' | 'touched', pace: Pace): Promise<readonly FileFault[]> {
    const { path } = file;
    try {
      const stat = await lstat(join(this.#root, path), { bigint: true });
      const content = await this.#contentFault(file, stat, scope, pace);
      return [...(content === null ? [] : [content]), ...rightsFaults(file, stat)];
    } catch (error) {
      if (isAbort(error)) throw error;
      this.#sound.delete(path);
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return [{ path, reason: 'missing', found: '' }];
      return [{ path, reason: `unreadable (${code})`, found: code }];
    }
  }

  async #contentFault(
    file: ManifestFile,
    stat: BigIntStats,
    scope: 'all' | 'touched',
    pace: Pace,
  ): Promise<FileFault | null> {
    const { path } = file;
    if (scope === 'touched' && this.#sound.get(path) === stampOf(stat)) return null;
    this.#sound.delete(path);
    if (!stat.isFile()) return { path, reason: 'no regular file', found: String(stat.mode) };
    // What has another size is another file, which need not be read; its times tell two of one size apart.
    const differs = stat.size !== BigInt(file.bytes);
    const sha256 = differs ? `${stat.size}:${stat.mtimeNs}` : await this.#digestOf(file, stat, pace);
    if (sha256 === file.sha256) {
      this.#sound.set(path, stampOf(stat));
      return null;
    }
    return { path, reason: 'changed', found: sha256 };
  }

  async #digestOf(file: ManifestFile, stat: BigIntStats, pace: Pace): Promise<string> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(join(this.#root, file.path), flags);
    try {
      const digest = await this.#read(handle, file.bytes, pace);
      // Written while it was read: what was hashed never was one file.
      const after = await handle.stat({ bigint: true });
      return stampOf(after) === stampOf(stat) ? digest : `${digest} in motion`;
    } finally {
      await handle.close();
    }
  }

  async #read(handle: FileHandle, bytes: number, pace: Pace): Promise<string> {
    const hash = createHash('sha256');
    for (let position = 0; position <= bytes; ) {
      const { bytesRead } = await handle.read(this.#buffer, 0, PIECE_BYTES, position);
      if (bytesRead === 0) break;
      hash.update(this.#buffer.subarray(0, bytesRead));
      position += bytesRead;
      await pace.spend(bytesRead);
    }
    return hash.digest('hex');
  }

  async #walk(
    directory: string,
    depth: number,
    walk: {
      entries: number;
      readonly found: FileFault[];
      readonly names: ReadonlySet<string>;
      readonly pace: Pace;
    },
  ): Promise<void> {
    const stat = await lstat(join(this.#root, directory), { bigint: true }).catch(() => null);
    if (stat === null) return;
    walk.found.push(...(await this.#faultsOfDirectory(directory, stat)));
    if (!stat.isDirectory()) return;
    const entries = await readdir(join(this.#root, directory), { withFileTypes: true }).catch(() => []);
    await walk.pace.spend(FILE_COST_BYTES);
    for (const entry of entries) {
      const path = `${directory}/${entry.name}`;
      walk.entries += 1;
      if (walk.entries > MAX_ENTRIES || depth > MAX_DIRECTORY_DEPTH) {
        walk.found.push({ path: directory, reason: 'more than is looked at', found: '' });
        return;
      }
      if (entry.isDirectory()) await this.#walk(path, depth + 1, walk);
      else if (!walk.names.has(path))
        walk.found.push({ path, reason: 'foreign', found: await this.#sightOf(path) });
    }
  }

  async #faultsOfDirectory(path: string, stat: BigIntStats): Promise<readonly FileFault[]> {
    if (!stat.isDirectory()) return [{ path, reason: 'no directory', found: String(stat.mode) }];
    return isExposed(stat) ? [{ path, reason: 'writable by others', found: rightsOf(stat) }] : [];
  }

  /** Tells one foreign file from another under the same name. */
  async #sightOf(path: string): Promise<string> {
    const stat = await lstat(join(this.#root, path), { bigint: true }).catch(() => null);
    return stat === null ? '' : `${stat.size}:${stat.mtimeNs}`;
  }
}

function rightsFaults({ path, executable }: ManifestFile, stat: BigIntStats): readonly FileFault[] {
  const faults: FileFault[] = [];
  if (!stat.isFile()) return faults;
  const may = (stat.mode & MAY_EXECUTE) !== 0n;
  if (may !== executable) {
    const reason = executable ? 'not executable' : 'executable';
    faults.push({ path, reason, found: rightsOf(stat) });
  }
  if (isExposed(stat)) faults.push({ path, reason: 'writable by others', found: rightsOf(stat) });
  return faults;
}

/** Whether somebody else than root and this user may write. */
function isExposed({ uid, mode }: BigIntStats): boolean {
  const own = process.getuid?.();
  return (
    (uid !== 0n && (own === undefined || uid !== BigInt(own))) || (mode & BigInt(OTHERS_MAY_WRITE)) !== 0n
  );
}

function rightsOf({ uid, gid, mode }: BigIntStats): string {
  return `${uid}:${gid}:${mode.toString(8)}`;
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
