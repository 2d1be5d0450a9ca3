import { ApprovalError, type IdentityRequest, type Issuer, TokenIssuer } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';
import type { IdentitySource } from './identity-source.ts';

/** Signs tokens in this process, with the key of a state directory of its own. */
export class LocalIdentity implements IdentitySource {
  readonly #issuer: TokenIssuer;
  readonly #wallMs: () => number;

  private constructor(issuer: TokenIssuer, wallMs: () => number) {
    this.#issuer = issuer;
    this.#wallMs = wallMs;
  }

  /** Opens the key, or makes it. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  static open(stateDir: string, issuer: Issuer, wallMs: () => number = Date.now): LocalIdentity {
    try {
      return new LocalIdentity(TokenIssuer.open(stateDir, issuer), wallMs);
    } catch (cause) {
      if (!(cause instanceof ApprovalError)) throw cause;
      const { message, hint } = cause;
      throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `there is no key to sign an identity: ${message}`, {
        cause,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  async issue(request: IdentityRequest): Promise<string> {
    return this.#issuer.issue(request, this.#wallMs());
  }
}
