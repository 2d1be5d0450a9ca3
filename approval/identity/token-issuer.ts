import { openIdentityKey } from './identity-key.ts';
import { hostId, type Issuer, type Workload, workloadId } from './spiffe-id.ts';
import { type IdentityClaims, type IdentityKey, signToken } from './token.ts';

/** What a token is to say: which server of which client, to whom, and what was approved. */
export interface IdentityRequest extends Workload {
  /** Id of the server on its host. */
  readonly id: string;
  readonly audience: string;
  /** Digest of the closure. */
  readonly closure: string;
  readonly profile: IdentityClaims['profile'];
  /** That of the approval. */
  readonly serial: number;
}

/** Signs tokens with the key of a state directory, which its owner alone can read. */
export class TokenIssuer {
  readonly #key: IdentityKey;
  readonly #host: string;

  private constructor(key: IdentityKey, host: string) {
    this.#key = key;
    this.#host = host;
  }

  /** Opens the key, or makes it. @throws {ApprovalError} */
  static open(stateDir: string, issuer: Issuer): TokenIssuer {
    const host = hostId(issuer);
    return new TokenIssuer(openIdentityKey(stateDir), host);
  }

  issue({ client, server, audience, closure, profile, serial }: IdentityRequest, nowMs: number): string {
    const subject = workloadId(this.#host, { client, server });
    const statement = { issuer: this.#host, subject, audience, closure, profile, serial };
    return signToken(statement, this.#key, nowMs);
  }
}
