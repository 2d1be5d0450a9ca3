import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Gives the terminal to a program and ends as it ends. Signals of the terminal reach the program by
 * themselves; here they are only kept from ending us first, and those sent to us alone are passed on.
 */
export function handOver(command, args, options) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (status, signal) => {
    process.exit(signal === null ? status : 128 + constants.signals[signal]);
  });
}
