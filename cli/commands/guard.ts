import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { type GuardEnd, runGuard } from '../../guard/index.ts';
import { homeAsUser } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { CliError } from '../errors.ts';
import { defaultStateDir, type Installation, SYSTEM_TRUST } from '../installation.ts';
import { printable } from '../output.ts';

export interface GuardCommandOptions {
  readonly client?: string;
  readonly name?: string;
  readonly config?: string;
  readonly stateDir?: string;
  readonly profile?: Profile;
}

/** Signals that are the server's, too. */
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * `sealwatch guard`: starts a server and stands in front of it. Ends as the server ended: with its status, or by the
 * signal that ended it.
 */
export async function guard(
  words: readonly string[],
  options: GuardCommandOptions,
  install: Installation,
): Promise<void> {
  const [command, ...args] = words;
  if (command === undefined)
    throw new CliError('CLI_USAGE', 'nothing to start was given', {
      hint: 'sealwatch guard -- COMMAND ARGS…',
    });
  const own = resolve(options.stateDir ?? defaultStateDir(process.env));
  const { client = null, name = null, config = null } = options;
  const request = { client, name, config, command, args, cwd: process.cwd(), env: process.env };
  const end = await runGuard({
    request,
    user: homeAsUser(homedir()),
    profile: options.profile ?? 'developer',
    hostGroup: null,
    decisions: own,
    own,
    systemTrust: SYSTEM_TRUST,
    launcher: install.launcher,
    relay: needsNoWait(0) && needsNoWait(1) ? install.relay : null,
    client: () => ({ input: process.stdin, output: ownOutput() }),
    say: (text) => process.stderr.write(`sealwatch: ${printable(text)}\n`),
    onSignal: (forward) => {
      for (const signal of FORWARDED) process.on(signal, forward);
    },
  });
  leave(end);
}

/** Whether a descriptor can be read or written without waiting. */
function needsNoWait(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}

/** Standard output, written without waiting for its reader: Node's own stream blocks on a pipe that is full. */
function ownOutput(): Writable {
  if (!needsNoWait(1)) return process.stdout;
  return new Socket({ fd: 1, readable: false, writable: true });
}

function leave({ code, signal }: GuardEnd): void {
  if (signal === null) process.exit(code ?? 1);
  for (const name of FORWARDED) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // A signal that does not end a process, as SIGURG.
  setTimeout(() => process.exit(1), 1_000);
}
