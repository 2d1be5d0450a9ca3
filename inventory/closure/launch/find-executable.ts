import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Endings that Windows tries (PATHEXT), those of scripts last. */
const WINDOWS_ENDINGS = ['', '.com', '.exe', '.bat', '.cmd', '.ps1'] as const;
const NO_ENDINGS = [''] as const;

/**
 * Finds a command as execvp(3) does; a relative PATH entry counts from `cwd`. Null where there is none.
 * For Windows the usual endings are tried.
 */
export function findExecutable(
  command: string,
  path: string,
  cwd: string,
  platform: NodeJS.Platform = 'linux',
  executables: Executables = new Executables(),
): string | null {
  const isWindows = platform === 'win32';
  const endings = isWindows ? WINDOWS_ENDINGS : NO_ENDINGS;
  const withEnding = (file: string) =>
    endings.map((ending) => file + ending).find((path) => executables.has(path)) ?? null;
  if (command.includes('/')) return withEnding(isAbsolute(command) ? command : join(cwd, command));
  for (const directory of path.split(isWindows ? ';' : delimiter)) {
    const found = withEnding(join(isAbsolute(directory) ? directory : join(cwd, directory), command));
    if (found !== null) return found;
  }
  return null;
}

export function realPathOf(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

export function isFile(path: string): boolean {
  try {
    // Most candidates do not exist: an exception for each costs more than the system call.
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

/** What one scan learnt of programs: every server asks for the same few in the same PATH. */
export class Executables {
  readonly #known = new Map<string, boolean>();

  has(path: string): boolean {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const found = isExecutable(path);
    this.#known.set(path, found);
    return found;
  }
}

function isExecutable(path: string): boolean {
  if (!isFile(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
