import type { IdentityRequest } from '../../approval/index.ts';

/** Who issues tokens. */
export interface IdentitySource {
  /** A new token. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  issue(request: IdentityRequest): Promise<string>;
}
