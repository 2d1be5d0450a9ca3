import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { standaloneIssuer } from '../approval/index.ts';
import { type HashCache, redactArgs } from '../inventory/index.ts';
import type { Profile } from '../wire/index.ts';
import type { Decided } from './authority/decided.ts';
import { entryNames } from './environment/entry-names.ts';
import { approvedOf, type ServerEnvironment, serverEnvironment } from './environment/server-environment.ts';
import { GuardError } from './errors.ts';
import type { Journal } from './evidence/journal.ts';
import { serverWords } from './evidence/session-evidence.ts';
import type { Running } from './guarded-server.ts';
import { chooseIdentity } from './identity/identity-choice.ts';
import { type StartCommand, startCommand } from './launch/command.ts';
import { strangeImage } from './launch/running-image.ts';
import { type SealedFiles, sealedFiles } from './launch/sealed-files.ts';
import { startServer } from './launch/server-process.ts';
import type { GuardRequest } from './request.ts';

export interface LocalServerOptions {
  readonly request: GuardRequest;
  readonly profile: Profile;
  readonly cache: HashCache;
  readonly journal: Journal;
  /** The program that starts servers; null where this installation has none. */
  readonly launcher: string | null;
  /** State directory whose approvals count. */
  readonly decisions: string;
  /** State directory of the user's own. */
  readonly own: string;
  /** What is decided about the server now. */
  readonly now: () => Decided;
  readonly say: (text: string) => void;
}

/**
 * Starts the program of a request as it was judged. In production nothing but what was judged may be loaded while it
 * starts, whatever changes meanwhile. @throws {GuardError} where it cannot be started
 */
export async function startLocalServer(first: Decided, options: LocalServerOptions): Promise<Running> {
  const { request, launcher, journal, say } = options;
  const command = startCommand(request);
  const sealed = sealedNow(first, command, options);
  const environment = await environmentOf(first, options);
  const started = await startServer({
    launcher,
    mode: sealed === null ? 'plain' : 'strict',
    command,
    cwd: request.cwd,
    env: environment.env,
    sealed,
    hashes: options.cache,
    onRefused: ({ path, reason }) => {
      journal.write({ server: serverWords(first.standing), kind: 'image', path, reason });
      say(`${path === '' ? 'a program' : path} was not loaded: ${reason}`);
    },
  });
  journal.write({
    server: serverWords(first.standing),
    kind: 'launch',
    outcome: 'started',
    code: null,
    reason: '',
    command: commandLine(request),
    pid: started.pid,
    dropped: environment.dropped.map(({ name }) => name),
  });
  return {
    stdin: started.stdin,
    stdout: started.stdout,
    ended: started.ended.finally(() => environment.close()),
    settled: () => started.settled(),
    follow: (decided, isAllowed) => {
      void environment.judgedAnew();
      const files = isAllowed ? sealedNow(decided, command, options) : null;
      if (files !== null) started.replaceFiles(files);
    },
    strange: () => strangeImage(started.pid, command.path, artefactsOf(first)),
    signal: (name) => started.signal(name),
    end: (graceMs) => started.end(graceMs),
  };
}

/** What it starts with: approved variables, secrets that are fetched, and the file of its token. */
function environmentOf(
  { standing }: Decided,
  { request, profile, decisions, own, now, say }: LocalServerOptions,
): Promise<ServerEnvironment> {
  return serverEnvironment({
    inherited: request.env,
    entryNames: standing.kind === 'known' ? entryNames(standing.discovered.server) : [],
    approved: () => approvedOf(now().standing),
    profile,
    identity: () => chooseIdentity({ decisions, own, issuer: standaloneIssuer(hostname()) }),
    place: { runtimeDir: request.env['XDG_RUNTIME_DIR'], stateDir: own },
    onFailure: ({ message, code }) => say(`${message} (${code})`),
  });
}

/** The command line without secrets. */
export function commandLine({ command, args, remote }: GuardRequest): string {
  if (remote !== null) return redactArgs([remote.url], 'show').join('');
  return [command, ...redactArgs(args, 'show')].join(' ');
}

/** What may be loaded; null where nothing is held to that. @throws {GuardError} where it changed since it was judged */
function sealedNow(
  decided: Decided,
  command: StartCommand,
  { request, profile, launcher, cache }: LocalServerOptions,
): SealedFiles | null {
  if (profile !== 'production' || launcher === null || decided.standing.kind !== 'known') return null;
  const sealed = sealedFiles(artefactsOf(decided), namesOf(command, request.cwd), cache);
  if (!('changed' in sealed)) return sealed;
  throw new GuardError('GUARD_IMAGE_MISMATCH', `${sealed.changed} changed while it was looked at`, {
    hint: 'start it again once nothing writes there',
  });
}

/** Paths as the command names them: what they lead to is decided by `sealedFiles`. */
function namesOf({ path, args }: StartCommand, cwd: string): readonly string[] {
  return [path, ...args.map((arg) => resolve(cwd, arg))];
}

function artefactsOf({ standing }: Decided) {
  return standing.kind === 'known' ? standing.discovered.server.closure.artefacts : [];
}
