import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Finds a command as execvp(3) does; a relative PATH entry counts from `cwd`. Null where there is none. */
export function findExecutable(command: string, path: string, cwd: string): string | null {
  if (command.includes('/')) {
    const file = isAbsolute(command) ? command : join(cwd, command);
    return isExecutable(file) ? file : null;
  }
  for (const directory of path.split(delimiter)) {
    const file = join(isAbsolute(directory) ? directory : join(cwd, directory), command);
    if (isExecutable(file)) return file;
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
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
