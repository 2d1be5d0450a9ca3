import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** A fault that a person can mend; printed without a stack. */
export class SetupError extends Error {
  constructor(message, hint) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
  }
}

/** Runs a command with its output in a log file; resolves with its exit status and the last lines of output. */
export function runLogged(command, args, { cwd, env, log, timeoutMs }) {
  mkdirSync(dirname(log), { recursive: true });
  const file = createWriteStream(log, { flags: 'a' });
  file.write(`\n$ ${[command, ...args].join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let tail = '';
    const keep = (chunk) => {
      file.write(chunk);
      tail = (tail + chunk).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      file.end();
      resolve({ status: 127, tail: error.message });
    });
    child.on('close', (status) => {
      file.end();
      resolve({ status: status ?? 1, tail });
    });
  });
}
