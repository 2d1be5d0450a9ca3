import { realpathSync } from 'node:fs';
import { readRegular, sha256Hex } from '../../inventory/index.ts';
import type { Server } from '../../wire/index.ts';

/** Bytes of an env file whose names are read. */
const MAX_ENV_FILE_BYTES = 1024 * 1024;
/** The name at the beginning of a line that assigns (dotenv, and VS Code's `envFile`). */
const ASSIGNMENT = /^[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)[^\S\n]*=/gm;

/**
 * Names of the variables that an entry sets, by itself and by its env file, which the client reads. Of an env file only
 * what the closure was judged by counts: one that is not, or is over 1 MiB, gives no names.
 */
export function entryNames({
  env_keys,
  env_file,
  closure,
}: Pick<Server, 'env_keys' | 'env_file' | 'closure'>): readonly string[] {
  if (env_file === null) return env_keys;
  const files = closure.artefacts.filter(({ role }) => role === 'env-file');
  return [...env_keys, ...files.flatMap(({ path, sha256 }) => namesIn(path, sha256))];
}

function namesIn(path: string, sha256: string | null): readonly string[] {
  try {
    const content = readRegular(realpathSync(path), MAX_ENV_FILE_BYTES);
    if (content === null || sha256Hex(content) !== sha256) return [];
    return [...content.toString('utf8').matchAll(ASSIGNMENT)].flatMap(([, name]) => name ?? []);
  } catch {
    return [];
  }
}
