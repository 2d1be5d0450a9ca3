import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ApprovalStore, Assessor, KeptHashes } from '../approval/index.ts';
import { HashCache, type HostUser } from '../inventory/index.ts';
import type { Profile } from '../wire/index.ts';
import { type Decided, Decider } from './authority/decided.ts';
import { type Refusal, rulingOn } from './authority/ruling.ts';
import { GuardError } from './errors.ts';
import { Journal } from './evidence/journal.ts';
import { serverWords } from './evidence/session-evidence.ts';
import { type GuardEnd, GuardedServer, type Running } from './guarded-server.ts';
import { commandLine, type LocalServerOptions, startLocalServer } from './local-server.ts';
import type { GuardRequest } from './request.ts';
import { SecretHeaders } from './secrets/secret-headers.ts';
import { Questions } from './session/questions.ts';
import { refuseSession } from './session/refused-session.ts';
import { ServerSight } from './sight/server-sight.ts';
import { KeptManifests } from './tools/kept-manifests.ts';

export interface GuardOptions {
  readonly request: GuardRequest;
  /** Who runs it. */
  readonly user: HostUser;
  readonly profile: Profile;
  readonly hostGroup: string | null;
  /** State directory whose approvals and trust roots count. */
  readonly decisions: string;
  /** State directory of the user's own: evidence, lists of tools, questions. */
  readonly own: string;
  /** Directory of the host's trust roots, which alone counts where it exists. */
  readonly systemTrust: string | null;
  /** The program that starts servers; null where this installation has none. */
  readonly launcher: string | null;
  /** Absolute paths by which configs start this guard. */
  readonly guards: readonly string[];
  /** The program that passes messages between standard input and output and a server; null where there is none. */
  readonly relay: string | null;
  /** Opens the client's end: nothing is read of it before. */
  readonly client: () => { readonly input: Readable; readonly output: Writable };
  /** Says something to the person, on the client's log of the server. */
  readonly say: (text: string) => void;
  readonly onSignal: (forward: (name: NodeJS.Signals) => void) => void;
}

/** Exit status where the server is not started. */
const REFUSED: GuardEnd = { code: 1, signal: null };

/**
 * Stands between a client and a server until either has gone: starts what was approved, decides about every request,
 * and ends with the status of the server. A server that may not run is never started; the client is told why.
 */
export async function runGuard(options: GuardOptions): Promise<GuardEnd> {
  const { own, profile, request, client, relay } = options;
  const journal = new Journal(join(own, 'guard'));
  const kept = keptHashes(options);
  const cache = kept?.load() ?? new HashCache();
  const decider = deciderOf(options, cache);
  let first: Decided | null = null;
  try {
    first = await decider.look(new Date());
    kept?.save(cache);
    const ruling = rulingOn(first.standing, profile);
    if (ruling.kind === 'refuse') return await refuse(first, ruling.refusal, options, journal);
    const server = new GuardedServer({
      first,
      decider,
      profile,
      journal,
      client,
      // Its end of a remote server is no file.
      relay: request.remote === null ? relay : null,
      manifests: new KeptManifests(own),
      questions: new Questions(join(own, 'questions'), nameOf(first, request)),
      start: (decided, now) => started(decided, { ...options, cache, journal, now }),
      say: options.say,
      onSignal: options.onSignal,
    });
    return await server.run();
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    const { code, message, hint = null } = error;
    const refusal = { code, reason: message, changes: [], remedy: hint };
    return await refuse(first, refusal, options, journal);
  } finally {
    kept?.save(cache);
    journal.close();
  }
}

/** Connects to a remote server, or starts a local one. */
async function started(first: Decided, options: GuardOptions & LocalServerOptions): Promise<Running> {
  const { request } = options;
  if (request.remote === null) return startLocalServer(first, options);
  // Loaded only where it is needed: local servers are to start quickly.
  const { connectServer } = await import('./remote/connected-server.ts');
  return connectServer(first, {
    ...options,
    target: request.remote,
    headers: (headers) => new SecretHeaders(headers, { env: request.env }),
  });
}

/**
 * What hashes were kept: in production only where nobody but root can have written them, since the server, which runs
 * as this user, could.
 */
function keptHashes({ own, profile, user }: GuardOptions): KeptHashes | null {
  return profile === 'production' && user.uid !== 0 ? null : new KeptHashes(own);
}

function deciderOf(options: GuardOptions, cache: HashCache): Decider {
  const { request, user, profile, hostGroup, decisions, systemTrust, guards } = options;
  const assessor = new Assessor({
    approvals: new ApprovalStore(decisions),
    trustSource: { stateDir: decisions, systemDirectory: systemTrust, profile },
    group: hostGroup,
  });
  const salt = randomBytes(32).toString('hex');
  const { platform } = process;
  const sight = new ServerSight({
    request,
    user,
    assessor,
    cache,
    salt,
    platform,
    guards,
    stateDir: decisions,
  });
  return new Decider({ sight, profile, hostGroup });
}

async function refuse(
  first: Decided | null,
  refusal: Refusal,
  { request, client, say }: GuardOptions,
  journal: Journal,
): Promise<GuardEnd> {
  const { code, reason, remedy } = refusal;
  const server = first === null ? null : serverWords(first.standing);
  const command = commandLine(request);
  journal.write({
    server,
    kind: 'launch',
    outcome: 'refused',
    code,
    reason,
    command,
    pid: null,
    dropped: [],
  });
  journal.flush();
  say(`${nameOf(first, request)} was not started: ${reason} (${code})`);
  if (remedy !== null) say(`to allow it: ${remedy}`);
  const { input, output } = client();
  await refuseSession(input, output, refusal);
  return REFUSED;
}

function nameOf(first: Decided | null, request: GuardRequest): string {
  if (first?.standing.kind !== 'known') return request.name ?? request.command;
  const { client, name } = first.standing.discovered.server;
  return `${client}/${name}`;
}
