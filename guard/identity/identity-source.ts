import { openIdentityKey } from './identity-key.ts';
import { hostId, type Issuer, type Workload, workloadId } from './spiffe-id.ts';
import { type IdentityClaims, type IdentityKey, signToken } from './token.ts';

/** What a token is to say: which server of which client, to whom, and what was approved. */
export interface IdentityRequest extends Workload {
  readonly audience: string;
  /** Digest of the closure. */
  readonly closure: string;
  readonly profile: IdentityClaims['profile'];
  /** That of the approval. */
  readonly serial: number;
}

/** Who issues tokens. */
export interface IdentitySource {
  /** A new token. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  issue(request: IdentityRequest): Promise<string>;
}

/** Signs tokens with the key of a state directory, which its owner alone can read. */
export class LocalIdentity implements IdentitySource {
  readonly #key: IdentityKey;
  readonly #host: string;
  readonly #wallMs: () => number;

  private constructor(key: IdentityKey, host: string, wallMs: () => number) {
    this.#key = key;
    this.#host = host;
    this.#wallMs = wallMs;
  }

  /** Opens the key, or makes it. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  static open(stateDir: string, issuer: Issuer, wallMs: () => number = Date.now): LocalIdentity {
    return new LocalIdentity(openIdentityKey(stateDir), hostId(issuer), wallMs);
  }

  async issue({ audience, closure, profile, serial, ...workload }: IdentityRequest): Promise<string> {
    const subject = workloadId(this.#host, workload);
    const statement = { issuer: this.#host, subject, audience, closure, profile, serial };
    return signToken(statement, this.#key, this.#wallMs());
  }
}
