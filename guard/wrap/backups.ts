import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { limits, readRegular, sha256Hex } from '../../inventory/index.ts';
import { GuardError } from '../errors.ts';

/** Backups of one config that are looked into, newest first. */
const MAX_LOOKED_INTO = 50;
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MANIFEST_ENDING = '.manifest.json';

const manifestSchema = z.object({
  /** The config that was kept. */
  path: z.string(),
  time: z.string(),
  /** What was about to be done to it. */
  verb: z.enum(['wrap', 'unwrap']),
  sha256: z.string(),
  servers: z.array(z.object({ id: z.string(), client: z.string(), name: z.string() })),
});
export type BackupManifest = z.output<typeof manifestSchema>;

/**
 * Configs as they were before they were edited, below `<state directory>/backups/<SHA-256 of the path>/`, readable for
 * the owner alone: they hold whatever secrets the configs hold.
 */
export class Backups {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Keeps a config with its manifest beside it; gives the path. @throws {GuardError} GUARD_BACKUP_FAILED */
  keep(bytes: Buffer, about: Omit<BackupManifest, 'sha256'>): string {
    const directory = this.#directoryOf(about.path);
    const stamp = about.time.replaceAll(/[-:]/g, '');
    const backup = join(directory, `${stamp}-${basename(about.path)}`);
    const manifest = { ...about, sha256: sha256Hex(bytes) };
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(backup, bytes, { flag: 'wx', mode: 0o600, flush: true });
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      writeFileSync(backup + MANIFEST_ENDING, text, { flag: 'wx', mode: 0o600, flush: true });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GuardError('GUARD_BACKUP_FAILED', `${about.path} cannot be kept: ${reason}`, { cause });
    }
    return backup;
  }

  /** Former texts of a config, newest first; what cannot be read or is not what its manifest says is left out. */
  of(path: string): readonly Buffer[] {
    const directory = this.#directoryOf(path);
    return namesIn(directory)
      .filter((name) => name.endsWith(MANIFEST_ENDING))
      .sort()
      .reverse()
      .slice(0, MAX_LOOKED_INTO)
      .flatMap((name) => readBackup(join(directory, name)) ?? []);
  }

  #directoryOf(path: string): string {
    return join(this.#stateDir, 'backups', sha256Hex(path));
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readBackup(manifestPath: string): Buffer | null {
  try {
    const text = readRegular(manifestPath, MAX_MANIFEST_BYTES)?.toString('utf8') ?? '';
    const { sha256 } = manifestSchema.parse(JSON.parse(text));
    const bytes = readRegular(manifestPath.slice(0, -MANIFEST_ENDING.length), limits.MAX_CONFIG_BYTES);
    return bytes !== null && sha256Hex(bytes) === sha256 ? bytes : null;
  } catch {
    return null;
  }
}
