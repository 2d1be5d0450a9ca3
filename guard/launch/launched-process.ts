import { type ChildProcess, spawn } from 'node:child_process';
import { type BigIntStats, statSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve as absolute } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { GuardError } from '../errors.ts';
import { type LauncherEvent, readLauncherEvents } from './launcher-events.ts';
import { cwdRecord, type KnownIdentity, listRecords, numberRecord, plainRecord } from './launcher-records.ts';
import { LEFTOVER_GRACE_MS, startError } from './plain-process.ts';
import type { SealedFiles } from './sealed-files.ts';
import type { ServerEnd, ServerProcess, StartOptions } from './server-process.ts';

/** Starts a server as the child of the launcher at `path`. @throws {GuardError} as startServer */
export function startByLauncher(path: string, options: StartOptions): Promise<ServerProcess> {
  const { command, cwd, env } = options;
  const child = spawn(path, [options.mode, command.path, command.argv0, ...command.args], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  return new LaunchedServer(child, options).started;
}

class LaunchedServer {
  readonly started: Promise<ServerProcess>;
  readonly #options: StartOptions;
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #ended = Promise.withResolvers<ServerEnd>();
  readonly #start = Promise.withResolvers<ServerProcess>();
  #end: ServerEnd = { code: null, signal: 'SIGKILL' };
  #fault: GuardError | null = null;

  constructor(child: ChildProcess, options: StartOptions) {
    this.#child = child;
    this.#options = options;
    this.#control = child.stdio[3] as Duplex;
    this.started = this.#start.promise;
    // Who is gone says so by its end.
    this.#control.on('error', () => {});
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.#fault ??= new GuardError('GUARD_START_FAILED', 'the launcher could not be started', {
          cause: error,
        });
        resolve();
      });
    });
    const events = readLauncherEvents(this.#control, (event) => this.#take(event)).catch(() => {
      child.kill('SIGKILL');
    });
    void Promise.all([gone, events]).then(() => this.#settle());
    if (options.mode === 'strict') this.#control.write(cwdRecord(absolute(options.cwd)));
    this.#control.write(numberRecord('grace', LEFTOVER_GRACE_MS));
    this.#control.write(this.#list(options.mode === 'strict' ? options.sealed : null));
  }

  #list(sealed: SealedFiles | null): Buffer {
    return listRecords(sealed, sealed === null ? () => null : this.#known(sealed));
  }

  /** Programs lie outside of packages; within, nothing is large and much would have to be asked for. */
  #known({ trees }: SealedFiles): KnownIdentity {
    const { hashes } = this.#options;
    return (path, sha256) => {
      if (hashes === undefined || trees.some((tree) => path.startsWith(`${tree}/`))) return null;
      const stat: BigIntStats | undefined = statSync(path, { bigint: true, throwIfNoEntry: false });
      return stat !== undefined && hashes.get(stat) === sha256 ? stat : null;
    };
  }

  #take(event: LauncherEvent): void {
    const { path } = this.#options.command;
    if (event.event === 'started') this.#start.resolve(this.#server(event.pid));
    if (event.event === 'refused') {
      this.#fault ??= new GuardError('GUARD_START_FAILED', `${event.path} was refused: ${event.reason}`);
      this.#options.onRefused({ path: event.path, reason: event.reason });
    }
    if (event.event === 'not_run') this.#fault ??= startError(path, event.errno, event.text);
    if (event.event === 'error') {
      this.#fault ??= new GuardError('GUARD_START_FAILED', `${event.reason}: ${event.text}`);
    }
    if (event.event === 'exited') {
      this.#end = {
        code: event.code ?? null,
        signal: event.signal === undefined ? null : nameOf(event.signal),
      };
    }
  }

  #settle(): void {
    const { path } = this.#options.command;
    // Without effect where it has started.
    this.#start.reject(
      this.#fault ?? new GuardError('GUARD_START_FAILED', `${path} could not be started: the launcher ended`),
    );
    this.#ended.resolve(this.#end);
  }

  #server(pid: number): ServerProcess {
    const { stdin, stdout } = this.#child as ChildProcess & { stdin: Writable; stdout: Readable };
    const send = (bytes: Buffer): void => void this.#control.write(bytes);
    return {
      pid,
      stdin,
      stdout,
      ended: this.#ended.promise,
      settled: () => send(plainRecord('settled')),
      replaceFiles: (sealed) => send(this.#list(sealed)),
      signal: (name) => send(numberRecord('signal', constants.signals[name])),
      end: (graceMs) => {
        stdin.end();
        send(numberRecord('end', graceMs));
      },
    };
  }
}

function nameOf(signal: number): NodeJS.Signals | null {
  const names = Object.entries(constants.signals);
  return (names.find(([, number]) => number === signal)?.[0] ?? null) as NodeJS.Signals | null;
}
