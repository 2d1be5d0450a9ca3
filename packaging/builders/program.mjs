// Runs the programs that make packages.
import { spawnSync } from 'node:child_process';
import { SetupError } from '../../scripts/setup/command.mjs';

/** Runs a program to its end and gives its output. @throws {SetupError} where it fails, or is not there */
export function run(program, args, { hint, ...options } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', ...options.env },
  });
  if (error !== undefined) throw new SetupError(`${program} cannot be run: ${error.message}`, hint);
  if (status === 0) return stdout;
  const tail = `${stdout ?? ''}${stderr ?? ''}`.slice(-4000);
  throw new SetupError(`${program} ${args[0] ?? ''} failed:\n${tail}`, hint);
}
