import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { isAnyones, isExposed } from '../../approval/index.ts';
import { codeOf } from '../system-code.ts';
import { MAX_SECRET_BYTES, SourceFault } from './secret-source.ts';

/** Bytes of a command's complaint that are kept. */
const MAX_COMPLAINT_BYTES = 4 * 1024;
/** What a command gets of the guard's environment: enough to find its files and to reach the user's keyring. */
const HANDED_ON = [
  'HOME',
  'PATH',
  'USER',
  'LANG',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'SSH_AUTH_SOCK',
] as const;

export type Environment = Readonly<Record<string, string | undefined>>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

/** How a command is run. */
export interface CommandRun {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Hears what a command that failed has written. */
  readonly onFailure: (output: CommandOutput) => void;
}

/** What a command wrote, as far as it is kept. */
export interface CommandOutput {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * What a command prints, at most one byte more than a value may have. It is executed as it is, without a shell, in a
 * process group of its own that is killed at the time limit, past the limit of output, and when the signal comes.
 * @throws {SourceFault}
 */
export async function runSecretCommand(
  command: readonly [string, ...string[]],
  run: CommandRun,
): Promise<Buffer> {
  const [program, ...args] = command;
  refuseExposed(program);
  run.signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    env: handedOn(run.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = new Head(child.stdout, MAX_SECRET_BYTES + 1);
  const stderr = new Head(child.stderr, MAX_COMPLAINT_BYTES);
  try {
    await ended(child, stdout, run);
    return stdout.bytes;
  } catch (error) {
    if (error instanceof SourceFault) run.onFailure({ stdout: stdout.bytes, stderr: stderr.bytes });
    throw error;
  }
}

/** Resolves once a command has ended well and its output with it. */
function ended(child: Child, stdout: Head, { timeoutMs, signal }: CommandRun): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (reason: unknown) => {
    killGroup(child);
    // A descendant in another group may hold the pipes open.
    child.stdout.destroy();
    child.stderr.destroy();
    reject(reason);
  };
  stdout.onFull = () => stop(new SourceFault(`it printed over ${MAX_SECRET_BYTES} bytes`));
  const onAbort = () => stop(signal.reason);
  const timer = setTimeout(() => stop(new SourceFault(`it took over ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', onAbort);
  child.on('error', (error) => reject(new SourceFault(`it cannot be started (${codeOf(error)})`)));
  child.on('close', (status, killedBy) => {
    if (status === 0) resolve();
    else
      reject(new SourceFault(killedBy === null ? `it ended with status ${status}` : `${killedBy} ended it`));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  });
}

/** Keeps the first bytes of a stream and reads the rest away. */
class Head {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  /** Called when there are as many bytes as are kept. */
  onFull: () => void = () => {};

  constructor(stream: Readable, maxBytes: number) {
    stream.on('data', (chunk: Buffer) => {
      if (this.#length >= maxBytes) return;
      this.#chunks.push(chunk.subarray(0, maxBytes - this.#length));
      this.#length += chunk.length;
      if (this.#length >= maxBytes) this.onFull();
    });
    // What ended the command is told by its exit.
    stream.on('error', () => {});
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function handedOn(env: Environment): Record<string, string> {
  return Object.fromEntries(
    HANDED_ON.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function refuseExposed(program: string): void {
  let exposed: string | undefined;
  try {
    const real = realpathSync(program);
    exposed = isExposed(real) ? real : [dirname(real), dirname(program)].find(isAnyones);
  } catch (error) {
    throw new SourceFault(`it cannot be started (${codeOf(error)})`);
  }
  if (exposed !== undefined)
    throw new SourceFault(`others can write ${exposed}`, `chmod go-w ${exposed}, and see who owns it`);
}

function killGroup({ pid }: Child): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended before.
  }
}
