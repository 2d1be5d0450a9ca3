import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CentralError } from '../../errors.ts';
import type { BackupContent } from '../backup-report.ts';
import { APPLICATION_ID } from '../migrations/climb.ts';
import { LADDER } from '../migrations/ladder.ts';
import { syncPath } from '../private-file.ts';
import type { ThreadRole } from './jobs.ts';
import { OwnerLock } from './owner-lock.ts';
import { SqliteThread } from './thread.ts';

/** Runs statements on a file in a thread of its own, which is closed behind them. */
async function withThread<T>(
  path: string,
  role: ThreadRole,
  use: (run: (sql: string, ...parameters: unknown[]) => Promise<readonly unknown[]>) => Promise<T>,
): Promise<T> {
  const thread = await SqliteThread.open({ path, role });
  try {
    return await use(async (sql, ...parameters) => (await thread.do('run', { sql, parameters })).rows);
  } finally {
    await thread.close();
  }
}

/** First value of the first row. */
function only(rows: readonly unknown[]): unknown {
  const [row] = rows;
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
}

/** Copies what is committed at this moment; whoever writes meanwhile is not held up (VACUUM INTO, one read transaction). */
export async function copyFile(path: string, target: string): Promise<void> {
  await withThread(path, 'inspector', async (run) => {
    if (only(await run('PRAGMA application_id')) !== APPLICATION_ID) {
      throw new CentralError('CENTRAL_DATABASE_CORRUPT', `${path} is the database of another program`);
    }
    await run('VACUUM INTO ?', target);
  });
}

function damaged(path: string, reason: string): CentralError {
  return new CentralError('CENTRAL_BACKUP_DAMAGED', `${path} cannot be used: ${reason}`, {
    hint: 'take another backup',
  });
}

/** Reads a backup through: every page and index, and whether the alerts are as many as were counted. */
export async function verifyFile(path: string): Promise<BackupContent> {
  try {
    return await withThread(path, 'inspector', async (run) => {
      if (only(await run('PRAGMA application_id')) !== APPLICATION_ID) throw damaged(path, 'not of central');
      const version = Number(only(await run('PRAGMA user_version')));
      if (version > LADDER.length) {
        throw new CentralError(
          'CENTRAL_DATABASE_TOO_NEW',
          `${path} has version ${version}, this program knows ${LADDER.length}`,
        );
      }
      const fault = only(await run('PRAGMA integrity_check(1)'));
      if (fault !== 'ok') throw damaged(path, String(fault));
      const alerts = Number(only(await run('SELECT count(*) AS n FROM alerts')));
      const counted =
        version < LADDER.length
          ? alerts
          : only(await run("SELECT value FROM counters WHERE name = 'alert_rows'"));
      if (counted !== alerts) throw damaged(path, `${alerts} alerts of ${counted}`);
      return { version, alerts };
    });
  } catch (cause) {
    if (!(cause instanceof CentralError) || cause.code !== 'CENTRAL_DATABASE_CORRUPT') throw cause;
    throw damaged(path, cause.message);
  }
}

/** Brings the write-ahead log into the file, so that nothing of it can be taken for that of another database. */
async function settle(path: string): Promise<void> {
  await withThread(path, 'writer', (run) => run('PRAGMA wal_checkpoint(TRUNCATE)')).catch(() => undefined);
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** Puts a verified backup in the place of a database that no central uses. */
export async function restoreFile(path: string, source: string, force: boolean): Promise<void> {
  const lock = OwnerLock.take(path);
  const prepared = `${path}.restoring`;
  try {
    const isUsed = existsSync(path) && statSync(path).size > 0;
    if (isUsed && !force) {
      throw new CentralError('CENTRAL_RESTORE_REFUSED', `${path} holds a database already`, {
        hint: 'say that it shall be replaced, or name another file',
      });
    }
    copyFileSync(source, prepared);
    chmodSync(prepared, 0o600);
    syncPath(prepared);
    if (isUsed) {
      await settle(path);
      rmSync(`${path}.replaced`, { force: true });
      linkSync(path, `${path}.replaced`);
    }
    renameSync(prepared, path);
    syncPath(dirname(path));
  } finally {
    rmSync(prepared, { force: true });
    lock.close();
  }
}
