import type { IdentityRequest } from '../../approval/index.ts';
import type { IdentityQuestion } from '../../wire/index.ts';
import type { KnownServer } from '../enrich/known-server.ts';

/** What a token may say; or why there is none. */
export type IdentityRuling = Omit<IdentityRequest, 'profile'> | { readonly refused: string };

/**
 * Decides about a question of the users of these names (one uid may have several) by what the agent itself has seen: a token is for the user whose server it is, while that is approved as it is
 * now, and to the audience that the approval's policy names.
 */
export function ruleOnIdentity(
  question: IdentityQuestion,
  askers: ReadonlySet<string>,
  servers: readonly KnownServer[],
): IdentityRuling {
  const known = servers.find(({ discovered }) => discovered.server.id === question.id);
  // Whether another user has such a server is none of the asker's business.
  if (known === undefined || !askers.has(known.discovered.server.user))
    return { refused: 'no such server of this user' };
  const { server } = known.discovered;
  const { state, statement } = known.verdict;
  if (state !== 'approved' || statement === null) return { refused: `the server is ${state}` };
  const { serial, policy } = statement.predicate;
  if (server.closure.digest !== question.closure || serial !== question.serial)
    return { refused: 'another closure or approval counts' };
  const audience = policy?.identity?.audience;
  if (audience !== question.audience) return { refused: 'its policy names no such audience' };
  const { id, client, name, closure } = server;
  return { id, client, server: name, audience, closure: closure.digest, serial };
}
