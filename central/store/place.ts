import { readFileSync, statSync } from 'node:fs';
import { CentralError } from '../errors.ts';
import type { DatabaseSetting } from './settings.ts';

/** Bytes of a file that holds a connection URL. */
const MAX_URL_BYTES = 4_096;
/** Permission bits of everybody but the owner. */
export const OTHERS = 0o077;

/** Where the data is: the path of an SQLite file, or the URL of a PostgreSQL database with its password. */
export type DatabasePlace = string | { readonly postgresUrl: string };

function readUrl(path: string): string {
  let text: string;
  let mode: number;
  try {
    ({ mode } = statSync(path));
    text = readFileSync(path, 'utf8').slice(0, MAX_URL_BYTES).trim();
  } catch (cause) {
    throw new CentralError('CENTRAL_DATABASE_URL_INVALID', `${path} cannot be read`, { cause });
  }
  if ((mode & OTHERS) !== 0) {
    throw new CentralError('CENTRAL_DATABASE_URL_INVALID', `${path} can be read by others`, {
      hint: `chmod 600 ${path}`,
    });
  }
  if (!/^postgres(?:ql)?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new CentralError('CENTRAL_DATABASE_URL_INVALID', `${path} does not hold a postgres:// URL`);
  }
  return text;
}

/** The place that a setting names. @throws {CentralError} CENTRAL_DATABASE_URL_INVALID */
export function placeOf(setting: DatabaseSetting): DatabasePlace {
  return typeof setting === 'string' ? setting : { postgresUrl: readUrl(setting.postgres_url_file) };
}

/** The place as it may be shown: without a password. */
export function describePlace(place: DatabasePlace): string {
  if (typeof place === 'string') return place;
  const url = URL.parse(place.postgresUrl);
  return url === null ? 'PostgreSQL' : `postgres://${url.username}@${url.host}${url.pathname}`;
}
