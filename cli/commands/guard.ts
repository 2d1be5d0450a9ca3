import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import {
  type GuardEnd,
  type GuardRequest,
  jurisdiction,
  readRemoteTarget,
  runGuard,
} from '../../guard/index.ts';
import { homeAsUser } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { CliError } from '../errors.ts';
import {
  defaultStateDir,
  guardPath,
  HOST_STATE_DIR,
  type Installation,
  SYSTEM_TRUST,
} from '../installation.ts';
import { printable } from '../output.ts';

export interface GuardCommandOptions {
  readonly client?: string;
  readonly name?: string;
  readonly config?: string;
  readonly stateDir?: string;
  readonly profile?: Profile;
  readonly remote?: string;
}

/** Signals that are the server's, too. */
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Before the names of variables that `bin/sealwatch` keeps apart. */
const KEPT = 'SEALWATCH_KEPT_';

/**
 * `sealwatch guard`: starts a server and stands in front of it. Ends as the server ended: with its status, or by the
 * signal that ended it.
 */
export async function guard(
  words: readonly string[],
  options: GuardCommandOptions,
  install: Installation,
): Promise<void> {
  const user = homeAsUser(homedir());
  const { decisions, systemTrust, profile, hostGroup } = jurisdiction({
    hostDirectory: HOST_STATE_DIR,
    own: defaultStateDir(process.env),
    uid: user.uid,
    systemTrust: SYSTEM_TRUST,
    profile: options.profile ?? null,
    stateDir: options.stateDir ?? null,
  });
  const end = await runGuard({
    request: requestOf(words, options),
    user,
    profile,
    hostGroup,
    decisions,
    own: resolve(options.stateDir ?? defaultStateDir(process.env)),
    systemTrust,
    launcher: install.launcher,
    relay: needsNoWait(0) && needsNoWait(1) ? install.relay : null,
    guards: [guardPath()],
    client: () => ({ input: process.stdin, output: ownOutput() }),
    say: (text) => process.stderr.write(`sealwatch: ${printable(text)}\n`),
    onSignal: (forward) => {
      for (const signal of FORWARDED) process.on(signal, () => isOwn(signal) || forward(signal));
    },
  });
  leave(end);
}

function requestOf(words: readonly string[], options: GuardCommandOptions): GuardRequest {
  const { client = null, name = null, config = null } = options;
  const place = { client, name, config, cwd: process.cwd(), env: clientEnvironment(process.env) };
  if (options.remote !== undefined) {
    const remote = readRemoteTarget(options.remote, client);
    if (remote !== null && words.length === 0) return { ...place, command: '', args: [], remote };
    throw new CliError(
      'CLI_USAGE',
      '--remote takes the url and transport of an entry as JSON, and nothing else',
      {
        hint: '`sealwatch wrap` writes it',
      },
    );
  }
  const [command, ...args] = words;
  if (command === undefined)
    throw new CliError('CLI_USAGE', 'nothing to start was given', {
      hint: 'sealwatch guard -- COMMAND ARGS…',
    });
  return { ...place, command, args, remote: null };
}

/** What the client gave, with what `bin/sealwatch` keeps from the guard itself back in its place. */
function clientEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(env))
    given[name.startsWith(KEPT) ? name.slice(KEPT.length) : name] = value;
  return given;
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

/** Whether the server has got a signal by itself: a terminal sends Ctrl-C to all of its foreground (termios(3), ISIG). */
function isOwn(signal: NodeJS.Signals): boolean {
  return process.stdin.isTTY === true && (signal === 'SIGINT' || signal === 'SIGQUIT');
}

function leave({ code, signal }: GuardEnd): void {
  if (signal === null) process.exit(code ?? 1);
  for (const name of FORWARDED) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // A signal that does not end a process, as SIGURG.
  setTimeout(() => process.exit(1), 1_000);
}
