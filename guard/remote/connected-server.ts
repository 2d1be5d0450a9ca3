import { redactArgs } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Decided } from '../authority/decided.ts';
import type { Journal } from '../evidence/journal.ts';
import { serverWords } from '../evidence/session-evidence.ts';
import type { GuardEnd, Running } from '../guarded-server.ts';
import type { RemoteTarget } from '../request.ts';
import { type HeaderFactory, PolicyHeaders } from './policy-headers.ts';
import { openRemote } from './remote-server.ts';

export interface ConnectedServerOptions {
  readonly target: RemoteTarget;
  readonly profile: Profile;
  readonly journal: Journal;
  readonly headers: HeaderFactory;
  readonly say: (text: string) => void;
}

/**
 * Connects to a remote server in the place of one that is started: it ends with 0 where it was left, with 1 where it broke.
 * @throws {GuardError} `GUARD_REMOTE_URL_REFUSED`
 */
export function connectServer(first: Decided, options: ConnectedServerOptions): Running {
  const { target, profile, journal, say } = options;
  const headers = new PolicyHeaders(first, options.headers);
  const remote = openRemote({
    ...target,
    headers,
    allowPlaintext: profile !== 'production',
    onFault: ({ message, code, hint }) => say(`${message} (${code})${hint === undefined ? '' : `: ${hint}`}`),
  });
  journal.write({
    server: serverWords(first.standing),
    kind: 'launch',
    outcome: 'started',
    code: null,
    reason: '',
    command: redactArgs([target.url], 'show').join(''),
    pid: null,
    dropped: [],
  });
  return {
    stdin: remote.input,
    stdout: remote.output,
    ended: remote.ended.then((fault): GuardEnd => ({ code: fault === null ? 0 : 1, signal: null })),
    settled: () => {},
    follow: (decided) => headers.follow(decided),
    // What runs there cannot be seen from here.
    strange: () => null,
    signal: () => void remote.close(),
    end: (graceMs) => {
      remote.input.end();
      setTimeout(() => void remote.close(), graceMs).unref();
    },
  };
}
