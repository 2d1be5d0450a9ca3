import { CentralError, type CentralErrorCode } from '../errors.ts';

type Meaning = readonly [pattern: RegExp, code: CentralErrorCode, hint: string];

const WRITABLE_HINT = 'check that it exists, belongs to the user of central and has space left';

/** Result codes of SQLite (https://sqlite.org/rescode.html) and error codes of `node:fs`. */
const SQLITE_MEANINGS: readonly Meaning[] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'CENTRAL_DATABASE_LOCKED', 'another program writes to it for long; try again'],
  [/^(SQLITE_(CANTOPEN|READONLY|PERM|FULL|IOERR)|E[A-Z]+$)/, 'CENTRAL_DATABASE_NOT_WRITABLE', WRITABLE_HINT],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    'CENTRAL_DATABASE_CORRUPT',
    'restore a backup, or move the file away; agents send again what was not acknowledged',
  ],
];

/** SQLSTATEs of PostgreSQL (its manual, appendix A). */
const POSTGRES_MEANINGS: readonly Meaning[] = [
  [/^(53100|53200|58030|25006)$/, 'CENTRAL_DATABASE_NOT_WRITABLE', 'check the disk of the server'],
  [/^(08...|57P0.|53300)$/, 'CENTRAL_DATABASE_UNREACHABLE', 'it is tried again'],
  [
    /^(28...|3D000|42501)$/,
    'CENTRAL_DATABASE_REFUSED',
    'check user, password and database in the URL, and what the user may do',
  ],
  [/^XX00[12]$/, 'CENTRAL_DATABASE_CORRUPT', 'restore a backup'],
];

function told(
  meanings: readonly Meaning[],
  code: string,
  cause: Error,
  place: string,
): CentralError | undefined {
  const meaning = meanings.find(([pattern]) => pattern.test(code));
  if (meaning === undefined) return undefined;
  return new CentralError(meaning[1], `cannot use the database ${place}: ${cause.message}`, {
    cause,
    hint: meaning[2],
  });
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** An error of SQLite or the file system as one of central's; what is a fault of the statement passes unchanged. */
export function tellSqlite(cause: unknown, place: string): Error {
  const error = asError(cause);
  if (error instanceof CentralError) return error;
  return told(SQLITE_MEANINGS, String(Reflect.get(error, 'code')), error, place) ?? error;
}

/**
 * An error of `pg` as one of central's. `state` is the SQLSTATE that the server gave, null where the error does not
 * come from the server: then the connection was lost, or never came to be.
 */
export function tellPostgres(cause: unknown, state: string | null, place: string): Error {
  const error = asError(cause);
  if (error instanceof CentralError) return error;
  if (state !== null) return told(POSTGRES_MEANINGS, state, error, place) ?? error;
  const reason = error.message || String(Reflect.get(error, 'code'));
  return new CentralError(
    'CENTRAL_DATABASE_UNREACHABLE',
    `the database ${place} does not answer: ${reason}`,
    {
      cause: error,
      hint: 'it is tried again',
    },
  );
}
