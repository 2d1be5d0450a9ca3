// Programs that the benchmark of the sensor starts: none outlives it, none is waited for without an end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const STDERR_CHARACTERS = 16_384;
const STOP_MS = 20_000;
const living = new Set();

let isInterrupted = false;

process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Ends what runs and starts nothing more, so that everything is put back as it was. */
export function interrupt() {
  isInterrupted = true;
  for (const child of living) child.kill('SIGTERM');
}

function refuseInterrupted() {
  if (isInterrupted) throw new Error('interrupted');
}

/** A running program: its lines of stdout, the end of its stderr, its status once it has ended. */
export class Child {
  lines = [];
  stderr = '';
  status = null;
  #child;
  #ended;
  #awaited = null;

  constructor(command, args, options = {}) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    living.add(this.#child);
    this.#child.on('error', (error) => {
      this.stderr += error.message;
    });
    this.#child.stdin?.on('error', () => {});
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.lines.push(line);
        this.#awaited?.(line);
      });
    this.#child.stderr?.on('data', (text) => {
      this.stderr = (this.stderr + text).slice(-STDERR_CHARACTERS);
    });
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      living.delete(this.#child);
      this.status = code ?? signal;
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get hasEnded() {
    return this.status !== null;
  }

  /** Says a line and gives the next line of stdout, within a time. */
  async ask(line, ms) {
    refuseInterrupted();
    const answer = Promise.withResolvers();
    this.#awaited = answer.resolve;
    this.#child.stdin.write(`${line}\n`);
    return limited(Promise.race([answer.promise, this.#ended.then(() => null)]), ms, line.slice(0, 200));
  }

  closeInput() {
    this.#child.stdin.end();
  }

  /** Waits for its end; gives its lines. */
  async ended(ms) {
    await limited(this.#ended, ms, 'the end of a program');
    return this.lines;
  }

  /** Ends it; SIGKILL where it does not want to. */
  async stop(signal = 'SIGTERM') {
    if (!this.hasEnded) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended.catch(() => {});
    clearTimeout(timer);
  }
}

async function limited(promise, ms, what) {
  const timer = Promise.withResolvers();
  const late = setTimeout(() => timer.reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(late);
  }
}

/** Runs a program to its end; throws where that is not a good one. */
export async function run(command, args, { ms = 60_000, ...options } = {}) {
  const child = new Child(command, args, options);
  child.closeInput();
  try {
    await child.ended(ms);
  } finally {
    await child.stop('SIGKILL');
  }
  if (child.status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${child.status}: ${child.stderr}`);
  return child.lines;
}

/** Waits until `check` answers something true; gives that, or throws after the time. */
export async function until(what, check, ms = 30_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await check();
    refuseInterrupted();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await wait(50);
  }
}
