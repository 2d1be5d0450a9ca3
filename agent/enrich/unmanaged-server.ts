import { ID_HEX_DIGITS, redactArgs, sha256Hex } from '../../inventory/index.ts';
import type { Profile, Server } from '../../wire/index.ts';
import { type KnownServer, pastServer } from './known-server.ts';
import type { ProcessEntry } from './process-table.ts';

/** Ports and process ids on a command line differ from start to start. */
const NUMBER = /\d{3,}/g;

/** What is known of a server that no config asks for. */
export interface Unmanaged {
  readonly client: string;
  readonly name: string;
  /** Name of the user. */
  readonly user: string;
  readonly profile: Profile;
}

/**
 * A server of its own for a process that no config explains. Its id is the same for each start of the same command
 * by the same client and user. In production it may not run, as nothing may that nobody approved.
 */
export function unmanagedServer(
  { argv, cwd }: Pick<ProcessEntry, 'argv' | 'cwd'>,
  { client, name, user, profile }: Unmanaged,
): KnownServer {
  const [command = '', ...args] = redactArgs(argv, 'show');
  const words = [command.slice(command.lastIndexOf('/') + 1), ...args].map((word) =>
    word.replace(NUMBER, '#'),
  );
  const server: Server = {
    id: sha256Hex(['unmanaged', client, user, ...words].join('\0')).slice(0, ID_HEX_DIGITS),
    client,
    scope: 'user',
    config_path: '',
    project: null,
    project_source: null,
    name,
    transport: 'stdio',
    command,
    args,
    env_keys: [],
    env_file: null,
    cwd,
    url: null,
    disabled: null,
    auto_approve: null,
    guarded: false,
    user,
    closure: { digest: sha256Hex(''), artefacts: [] },
    state: 'pending',
    findings: [],
    assumptions: ['no config asks for it: it is known by its process'],
  };
  const known = pastServer(server, 'pending');
  const ruling = profile === 'production' ? 'deny' : 'report';
  return {
    ...known,
    verdict: { ...known.verdict, reason: 'its client started it and no config asks for it', ruling },
  };
}

/** Whether a server is known by its process alone; one that is in a config has the config's path. */
export function isUnmanaged({ discovered }: KnownServer): boolean {
  return discovered.server.config_path === '';
}
