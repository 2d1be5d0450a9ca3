import type { Policy } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import { GuardError } from '../errors.ts';
import type { IdentitySource } from '../identity/identity-source.ts';
import type { RuntimePlace } from '../identity/runtime-directory.ts';
import { type Clocks, TokenFile } from '../identity/token-file.ts';
import { type FetchOptions, fetchSecrets } from '../secrets/fetch-secrets.ts';
import { SecretValues } from '../secrets/secret-values.ts';
import type { Standing } from '../sight/server-sight.ts';
import { approvedEnvironment, type DroppedVariable } from './approved-environment.ts';

/** An approval that holds, as far as the environment is concerned. */
export interface Approved {
  /** Id of the server on its host. */
  readonly id: string;
  readonly client: string;
  readonly server: string;
  /** Digest of the closure. */
  readonly closure: string;
  readonly serial: number;
  readonly policy: Pick<Policy, 'environment' | 'secrets' | 'identity'> | null;
}

export interface EnvironmentOptions {
  /** That of the guard, into which the client has put the entry's variables. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Names that the entry sets. */
  readonly entryNames: readonly string[];
  /** What holds now: asked at the start, and again whenever the token is looked at. Null where nothing does. */
  readonly approved: () => Approved | null;
  readonly profile: Profile;
  /** Opens what issues tokens; called where the policy asks for one. */
  readonly identity: () => IdentitySource;
  readonly place: RuntimePlace;
  /** Hears of a token that could not be renewed in time. */
  readonly onFailure: (error: GuardError) => void;
  /** Limits of the commands that print secrets, and who hears what they complain of. */
  readonly fetching?: Omit<FetchOptions, 'env'>;
  readonly clocks?: Clocks;
}

export interface ServerEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly dropped: readonly DroppedVariable[];
  /** To be called where `approved` says something else now: what does not hold any more loses its token at once. */
  readonly judgedAnew: () => Promise<void>;
  /** Removes the token file, where there is one. Synchronous, and may be called twice. */
  readonly close: () => void;
}

/** The approval of a server, where it holds: that of one that changed since gives nothing, whatever it says. */
export function approvedOf(standing: Standing): Approved | null {
  if (standing.kind !== 'known' || standing.verdict.state !== 'approved') return null;
  const { statement } = standing.verdict;
  if (statement === null) return null;
  const { id, client, name, closure } = standing.discovered.server;
  const { serial, policy } = statement.predicate;
  return { id, client, server: name, closure: closure.digest, serial, policy };
}

/**
 * All that a server starts with: approved variables of the guard's own environment, variables whose values commands and
 * files give, and the one that names the file of its token. Values are in `env` only.
 * @throws {GuardError} `GUARD_SECRET_UNAVAILABLE`, `GUARD_IDENTITY_UNAVAILABLE`; nothing is left behind then. Rejects
 *   with the reason of the signal where that ends it.
 */
export async function serverEnvironment(options: EnvironmentOptions): Promise<ServerEnvironment> {
  const { inherited, entryNames, profile, fetching } = options;
  const policy = options.approved()?.policy ?? null;
  const variable = policy?.identity?.variable;
  const sources = policy?.secrets ?? [];
  if (sources.some(({ name }) => name === variable))
    throw new GuardError(
      'GUARD_IDENTITY_UNAVAILABLE',
      `the policy gives ${variable} a secret and the token’s file`,
    );
  const secrets = new SecretValues(await fetchSecrets(sources, { ...fetching, env: inherited }));
  const token = variable === undefined ? null : await startToken(options);
  if (variable !== undefined && token !== null) secrets.set(variable, token.path);
  const policyNames = policy?.environment ?? null;
  const { env, dropped } = approvedEnvironment({ inherited, entryNames, policyNames, secrets, profile });
  return { env, dropped, judgedAnew: async () => token?.check(), close: () => token?.remove() };
}

function startToken(options: EnvironmentOptions): Promise<TokenFile> {
  const { approved, profile, identity, place, onFailure, clocks } = options;
  const request = () => {
    const now = approved();
    const audience = now?.policy?.identity?.audience;
    if (now === null || audience === undefined) return null;
    const { id, client, server, closure, serial } = now;
    return { id, client, server, closure, serial, audience, profile };
  };
  const source = identity();
  return TokenFile.start({ source, request, place, onFailure, ...(clocks === undefined ? {} : { clocks }) });
}
