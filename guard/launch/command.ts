import { basename } from 'node:path';
import { findExecutable } from '../../inventory/index.ts';
import { GuardError } from '../errors.ts';
import type { GuardRequest } from '../request.ts';

/** What is executed: under the name by which it was found, since some programs go by that (a virtual environment's). */
export interface StartCommand {
  readonly path: string;
  readonly argv0: string;
  readonly args: readonly string[];
}

/** Finds the program of a request as execvp(3) does. @throws {GuardError} where there is none */
export function startCommand({ command, args, cwd, env }: GuardRequest): StartCommand {
  const path = env['PATH'] ?? '';
  const found = findExecutable(command, path, cwd);
  if (found !== null) return { path: found, argv0: command, args };
  // Some configs put arguments into the command.
  const [first = '', ...more] = command.trim().split(/\s+/);
  const part = more.length === 0 ? null : findExecutable(first, path, cwd);
  if (part !== null) return { path: part, argv0: first, args: [...more, ...args] };
  throw new GuardError('GUARD_COMMAND_NOT_FOUND', `${basename(command)} is not on PATH`, {
    hint: `PATH is ${path === '' ? 'empty' : path}`,
  });
}
