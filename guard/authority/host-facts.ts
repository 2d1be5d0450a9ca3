import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { agentAccount } from '../../approval/index.ts';
import {
  HOST_FACTS_FILE,
  type HostFacts,
  hostFactsSchema,
  MAX_HOST_FACTS_BYTES,
  type Profile,
} from '../../wire/index.ts';
import { GuardError } from '../errors.ts';
import { WRITABLE_BY_OTHERS } from '../file-mode.ts';

const ROOT = 0;

/** By what a guard judges on this host. */
export interface Jurisdiction {
  readonly profile: Profile;
  readonly hostGroup: string | null;
  /** State directory whose approvals and trust roots count. */
  readonly decisions: string;
  /** Directory of the host's trust roots, which alone counts where it exists; null for none. */
  readonly systemTrust: string | null;
}

export interface JurisdictionOptions {
  /** State directory of the host's own agent; what root published there binds every user. */
  readonly hostDirectory: string;
  /** State directory of whoever runs the guard. */
  readonly own: string;
  /** Who runs it. */
  readonly uid: number;
  /** Directory of the host's trust roots where no agent of the host says another. */
  readonly systemTrust: string | null;
  /** What the command line asks for: it may be stricter than the host, never less strict. */
  readonly profile: Profile | null;
  /** The state directory that the command line names; null where it names none. */
  readonly stateDir: string | null;
}

/**
 * By what is judged: what the host's agent published, where root or its own account did; else what the user's own agent published; else as
 * a developer's machine. A host whose facts are there and cannot be believed starts nothing.
 * @throws {GuardError}
 */
export function jurisdiction(options: JurisdictionOptions): Jurisdiction {
  const { hostDirectory, systemTrust, profile, stateDir, uid } = options;
  const agent = agentAccount();
  const host = readFacts(hostDirectory, agent === null ? [ROOT] : [ROOT, agent]);
  if (host !== null) {
    if (stateDir !== null && resolve(stateDir) !== resolve(hostDirectory))
      throw new GuardError('GUARD_STATE_DIR_REFUSED', `this host decides in ${hostDirectory}`, {
        hint: 'leave out --state-dir',
      });
    return {
      profile: stricter(host.profile, profile),
      hostGroup: host.hostGroup,
      decisions: hostDirectory,
      systemTrust: host.trustDirectory,
    };
  }
  const own = resolve(stateDir ?? options.own);
  const facts = readFacts(own, [ROOT, uid]);
  return {
    profile: stricter(facts?.profile ?? 'developer', profile),
    hostGroup: facts?.hostGroup ?? null,
    decisions: own,
    // Roots that the host has count, whatever an agent of the user's own goes by.
    systemTrust,
  };
}

function stricter(host: Profile, asked: Profile | null): Profile {
  return asked === 'production' ? asked : host;
}

/** Null where no agent published anything: there is no file, or no way to it, which an agent would have opened. */
function readFacts(directory: string, owners: readonly number[]): HostFacts | null {
  const path = join(directory, HOST_FACTS_FILE);
  let text: string;
  try {
    refuseExposed(directory, lstatSync(directory), owners);
    text = readOwned(path, owners);
  } catch (error) {
    if (error instanceof GuardError) throw error;
    const code = String(error instanceof Error ? Reflect.get(error, 'code') : '');
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return null;
    throw unusable(path, code, error);
  }
  try {
    return hostFactsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unusable(path, cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is no JSON', cause);
  }
}

function readOwned(path: string, owners: readonly number[]): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unusable(path, 'it is not a file');
    refuseExposed(path, stat, owners);
    const buffer = Buffer.alloc(MAX_HOST_FACTS_BYTES + 1);
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    if (length > MAX_HOST_FACTS_BYTES) throw unusable(path, `it is over ${MAX_HOST_FACTS_BYTES} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function refuseExposed(
  path: string,
  { uid, mode }: { readonly uid: number; readonly mode: number },
  owners: readonly number[],
): void {
  if (owners.includes(uid) && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw unusable(path, 'others could have written it');
}

function unusable(path: string, reason: string, cause?: unknown): GuardError {
  return new GuardError('GUARD_HOST_FACTS_UNUSABLE', `${path} does not say how to judge: ${reason}`, {
    cause,
    hint: 'start the agent of this host again, as its owner',
  });
}
