import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { GuardError } from '../errors.ts';
import type { ServerProcess, StartOptions } from './server-process.ts';

/** What the server started may live so long after it. */
export const LEFTOVER_GRACE_MS = 500;

/** The error for a program that could not be executed, by its errno. */
export function startError(path: string, errno: number | undefined, text: string): GuardError {
  const isMissing = errno !== undefined && Math.abs(errno) === constants.errno.ENOENT;
  return new GuardError(
    isMissing ? 'GUARD_COMMAND_NOT_FOUND' : 'GUARD_START_FAILED',
    `${path} could not be started: ${text}`,
  );
}

/**
 * A child with a process group of its own, for where there is no launcher. Who leaves the group lives on, and who
 * kills the guard leaves the server to the end of its input.
 */
export function startPlain({ command, cwd, env }: StartOptions): Promise<ServerProcess> {
  const child = spawn(command.path, command.args, {
    argv0: command.argv0,
    cwd,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const group = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // Nobody is left in it.
    }
  };
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      setTimeout(() => group('SIGKILL'), LEFTOVER_GRACE_MS);
      resolve({ code, signal });
    });
  });
  const server = {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    settled: () => {},
    replaceFiles: () => {},
    signal: (name: NodeJS.Signals) => void child.kill(name),
    end: (graceMs: number) => {
      child.stdin.end();
      const timers = [
        setTimeout(() => group('SIGTERM'), graceMs),
        setTimeout(() => group('SIGKILL'), 2 * graceMs),
      ];
      void ended.then(() => timers.forEach(clearTimeout));
    },
  };
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve({ ...server, pid: child.pid ?? 0 }));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(startError(command.path, error.errno, error.message)),
    );
  });
}
