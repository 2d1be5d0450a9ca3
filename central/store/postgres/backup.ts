import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { CentralError } from '../../errors.ts';
import type { BackupContent } from '../backup-report.ts';
import { LADDER } from '../migrations/ladder.ts';
import { APPLICATION_NAME, ToldPool } from './pool.ts';

/** Characters of a program's messages that an error shows. */
const MESSAGE_CHARACTERS = 1_000;
/** Parameters of a connection URL and the variable that says the same (manual, §34.15). */
const VARIABLES = {
  host: 'PGHOST',
  port: 'PGPORT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const;

/** A connection URL as environment variables: everybody on the host can read the arguments of a program. */
function environmentOf(postgresUrl: string): NodeJS.ProcessEnv {
  const url = new URL(postgresUrl);
  const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const set = (name: string, value: string) => {
    if (value !== '') env[name] = value;
  };
  set('PGHOST', decodeURIComponent(url.hostname));
  set('PGPORT', url.port);
  set('PGUSER', decodeURIComponent(url.username));
  set('PGPASSWORD', decodeURIComponent(url.password));
  set('PGDATABASE', decodeURIComponent(url.pathname.slice(1)));
  for (const [parameter, name] of Object.entries(VARIABLES)) set(name, url.searchParams.get(parameter) ?? '');
  return env;
}

/** Runs a program of PostgreSQL to its end; `read` gets what it prints. @throws {CentralError} CENTRAL_BACKUP_FAILED */
async function runProgram<T>(
  program: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  read: (output: Readable) => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let messages = '';
  child.stderr.on('data', (chunk: Buffer) => {
    messages = (messages + chunk.toString()).slice(-MESSAGE_CHARACTERS);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    const [status, result] = await Promise.all([ended, read(child.stdout)]);
    if (status === 0) return result;
  } catch (cause) {
    throw new CentralError('CENTRAL_BACKUP_FAILED', `${program} cannot be run`, {
      cause,
      hint: 'install the client programs of PostgreSQL (postgresql-client) and put them on the PATH',
    });
  }
  throw new CentralError('CENTRAL_BACKUP_FAILED', `${program} failed: ${messages.trim()}`);
}

async function drain(output: Readable): Promise<void> {
  output.resume();
}

/** Writes a dump in the custom format: one snapshot, beside all who write. */
export async function dump(postgresUrl: string, target: string): Promise<void> {
  const args = ['--format=custom', '--no-owner', '--no-privileges', '--no-password', `--file=${target}`];
  await runProgram('pg_dump', args, environmentOf(postgresUrl), drain);
}

/** What the data of a dump, as SQL, come to. */
async function contentOf(output: Readable): Promise<{ alerts: number; counted: number; version: number }> {
  const content = { alerts: 0, counted: -1, version: 0 };
  let table: string | undefined;
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '\\.') table = undefined;
    else if (table === 'alerts') content.alerts += 1;
    else if (table === 'counters' && line.startsWith('alert_rows\t'))
      content.counted = Number(line.split('\t')[1]);
    else if (table === 'sealwatch_central') content.version = Math.max(content.version, Number(line));
    else if (table === undefined) table = /^COPY (?:\w+\.)?(\w+) \(/.exec(line)?.[1];
  }
  return content;
}

/** Reads a dump through, and compares its alerts with what was counted. */
export async function verifyDump(path: string): Promise<BackupContent> {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const damaged = (reason: string, cause?: unknown) =>
    new CentralError('CENTRAL_BACKUP_DAMAGED', `${path} cannot be used: ${reason}`, {
      cause,
      hint: 'take another backup',
    });
  const { alerts, counted, version } = await runProgram(
    'pg_restore',
    ['--data-only', '--file=-', path],
    env,
    contentOf,
  ).catch((cause: Error) => {
    throw cause.cause === undefined ? damaged(cause.message, cause) : cause;
  });
  if (version === 0) throw damaged('not of central');
  if (version > LADDER.length) {
    throw new CentralError(
      'CENTRAL_DATABASE_TOO_NEW',
      `${path} has version ${version}, this program knows ${LADDER.length}`,
    );
  }
  if (counted !== alerts) throw damaged(`${alerts} alerts of ${counted}`);
  return { version, alerts };
}

/** @throws {CentralError} where the database is in use, or holds tables that shall not be replaced */
async function refuseUsed(postgresUrl: string, force: boolean): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new ToldPool(postgresUrl, 1) }) });
  try {
    const { rows } = await sql<{ sessions: number; tables: number }>`
      SELECT (SELECT count(*) FROM pg_stat_activity WHERE application_name = ${APPLICATION_NAME}
              AND datname = current_database() AND pid <> pg_backend_pid()) AS sessions,
             (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()) AS tables`.execute(db);
    if ((rows[0]?.sessions ?? 0) > 0) {
      throw new CentralError('CENTRAL_DATABASE_LOCKED', 'a central uses the database', {
        hint: 'stop every central that uses it',
      });
    }
    if ((rows[0]?.tables ?? 0) > 0 && !force) {
      throw new CentralError('CENTRAL_RESTORE_REFUSED', 'the database holds tables already', {
        hint: 'say that they shall be replaced, or name an empty database',
      });
    }
  } finally {
    await db.destroy();
  }
}

/** Puts a verified dump into a database that no central uses: all of it or nothing. */
export async function restoreDump(postgresUrl: string, source: string, force: boolean): Promise<void> {
  await refuseUsed(postgresUrl, force);
  const env = environmentOf(postgresUrl);
  const args = [
    ...['--clean', '--if-exists', '--no-owner', '--no-privileges', '--no-password'],
    ...['--single-transaction', '--exit-on-error', `--dbname=${env['PGDATABASE'] ?? ''}`, source],
  ];
  await runProgram('pg_restore', args, env, drain);
}
