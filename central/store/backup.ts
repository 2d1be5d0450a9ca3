import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CentralError } from '../errors.ts';
import type { BackupContent, BackupReport } from './backup-report.ts';
import { tellSqlite } from './failures.ts';
import type { DatabasePlace } from './place.ts';
import { createPrivately, syncPath } from './private-file.ts';

/** How one kind of database is copied. */
interface Copying {
  /** Writes a consistent copy of the running database into a file that is there and empty. */
  copy(target: string): Promise<void>;
  /** Reads a backup through. @throws {CentralError} CENTRAL_BACKUP_DAMAGED */
  verify(source: string): Promise<BackupContent>;
  /** Puts a verified backup in the place of the database. @throws {CentralError} CENTRAL_RESTORE_REFUSED */
  restore(source: string, force: boolean): Promise<void>;
}

async function copyingOf(place: DatabasePlace): Promise<Copying> {
  if (typeof place === 'string') {
    const { copyFile, restoreFile, verifyFile } = await import('./sqlite/backup.ts');
    return {
      copy: (target) => copyFile(place, target),
      verify: verifyFile,
      restore: (source, force) => restoreFile(place, source, force),
    };
  }
  const { dump, restoreDump, verifyDump } = await import('./postgres/backup.ts');
  return {
    copy: (target) => dump(place.postgresUrl, target),
    verify: verifyDump,
    restore: (source, force) => restoreDump(place.postgresUrl, source, force),
  };
}

/**
 * Copies the database into a file while central runs: a consistent state, read back, of mode 0600. The file appears
 * under its name only once all of that is done. PostgreSQL needs `pg_dump` and `pg_restore` on the PATH.
 * @throws {CentralError} CENTRAL_BACKUP_EXISTS, _FAILED or _DAMAGED, CENTRAL_DATABASE_…
 */
export async function backUp(place: DatabasePlace, target: string): Promise<BackupReport> {
  const path = resolve(target);
  if (existsSync(path)) {
    throw new CentralError('CENTRAL_BACKUP_EXISTS', `${path} is there already`, {
      hint: 'name a file that is not there, or remove it first',
    });
  }
  const copying = await copyingOf(place);
  const partial = `${path}.partial`;
  try {
    rmSync(partial, { force: true });
    createPrivately(partial);
    await copying.copy(partial);
    const content = await copying.verify(partial);
    syncPath(partial);
    const { size: bytes } = statSync(partial);
    renameSync(partial, path);
    syncPath(dirname(path));
    return { path, bytes, ...content };
  } catch (error) {
    rmSync(partial, { force: true });
    throw tellSqlite(error, path);
  }
}

/**
 * Puts a backup in the place of the database, after it was read through. Central must not run. A database that is in
 * use is only replaced by `force`; an SQLite file is then kept beside it, as `PATH.replaced`.
 * @throws {CentralError} CENTRAL_BACKUP_FAILED or _DAMAGED, CENTRAL_RESTORE_REFUSED, CENTRAL_DATABASE_…
 */
export async function restore(
  place: DatabasePlace,
  source: string,
  options: { readonly force: boolean },
): Promise<BackupReport> {
  const path = resolve(source);
  if (!existsSync(path)) throw new CentralError('CENTRAL_BACKUP_DAMAGED', `${path} is not there`);
  try {
    const { size: bytes } = statSync(path);
    const copying = await copyingOf(place);
    const content = await copying.verify(path);
    await copying.restore(path, options.force);
    return { path, bytes, ...content };
  } catch (error) {
    throw tellSqlite(error, path);
  }
}
