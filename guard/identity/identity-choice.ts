import { resolve } from 'node:path';
import type { Issuer } from '../../approval/index.ts';
import { AgentIdentity } from './agent-identity.ts';
import type { IdentitySource } from './identity-source.ts';
import { LocalIdentity } from './local-identity.ts';

export interface IdentityChoice {
  /** State directory whose approvals count. */
  readonly decisions: string;
  /** State directory of whoever runs the guard. */
  readonly own: string;
  /** In whose name this process signs, where it does. */
  readonly issuer: Issuer;
}

/**
 * Who issues the tokens of a guard: the host's agent, where that one's approvals count, else the guard itself with a key
 * of its user's. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE`
 */
export function chooseIdentity({ decisions, own, issuer }: IdentityChoice): IdentitySource {
  return resolve(decisions) === resolve(own) ? LocalIdentity.open(own, issuer) : new AgentIdentity(decisions);
}
