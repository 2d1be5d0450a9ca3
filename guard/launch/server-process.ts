import type { Readable, Writable } from 'node:stream';
import type { HashCache } from '../../inventory/index.ts';
import { GuardError } from '../errors.ts';
import type { StartCommand } from './command.ts';
import { startByLauncher } from './launched-process.ts';
import { startPlain } from './plain-process.ts';
import type { SealedFiles } from './sealed-files.ts';

/** A server that runs. */
export interface ServerProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** How the server ended; settles once nothing is left of what it started. */
  readonly ended: Promise<ServerEnd>;
  /** The server answered: which programs it starts from here on is not the launcher's concern, unless they are sealed. */
  settled(): void;
  /** Another approval counts from here on. */
  replaceFiles(sealed: SealedFiles): void;
  signal(name: NodeJS.Signals): void;
  /**
   * Ends its input; what then lives on gets SIGTERM after `graceMs`, and SIGKILL after as many more. At most ten
   * minutes.
   */
  end(graceMs: number): void;
}

export interface ServerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface StartOptions {
  /** The launcher's path; null where this installation has none: then nothing is sealed. */
  readonly launcher: string | null;
  /** `strict` holds what is executed and read to `sealed`. */
  readonly mode: 'plain' | 'strict';
  readonly command: StartCommand;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly sealed: SealedFiles | null;
  /** Digests that are known spare the launcher the reading of large programs. */
  readonly hashes?: HashCache;
  /** The server is killed, except where it only failed to get what it asked for. */
  readonly onRefused: (refused: Refused) => void;
}

/**
 * Starts a server with standard error inherited; resolves once its program runs.
 * @throws {GuardError} GUARD_COMMAND_NOT_FOUND, or GUARD_START_FAILED, also where the first program was refused
 */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const { launcher, command } = options;
  try {
    return await (launcher === null ? startPlain(options) : startByLauncher(launcher, options));
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError('GUARD_START_FAILED', `${command.path} could not be started`, { cause });
  }
}
