import { GuardError } from '../errors.ts';
import { openIdentityKey } from './identity-key.ts';
import { serverPath, spiffeId } from './spiffe-id.ts';
import { type IdentityClaims, type IdentityKey, parseToken, signToken } from './token.ts';

/** Milliseconds that the agent may take to answer. */
const AGENT_TIMEOUT_MS = 5_000;

/** What a token is to say: which server of which client, to whom, and what was approved. */
export interface IdentityRequest {
  readonly client: string;
  readonly server: string;
  readonly audience: string;
  /** Digest of the closure. */
  readonly closure: string;
  readonly profile: IdentityClaims['profile'];
  /** That of the approval. */
  readonly serial: number;
}

/** Who issues tokens: this process with the host's key, or the agent that keeps the key. */
export interface IdentitySource {
  /** A new token. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  issue(request: IdentityRequest): Promise<string>;
}

/** In whose name tokens are issued. */
export interface Issuer {
  /** SPIFFE trust domain of the fleet, or of the host where it stands alone. */
  readonly trustDomain: string;
  readonly host: string;
}

/** Signs tokens with the key of a state directory. */
export class LocalIdentity implements IdentitySource {
  readonly #key: IdentityKey;
  readonly #issuer: Issuer;
  readonly #wallMs: () => number;

  private constructor(key: IdentityKey, issuer: Issuer, wallMs: () => number) {
    this.#key = key;
    this.#issuer = issuer;
    this.#wallMs = wallMs;
  }

  /** Opens the key, or makes it. @throws {GuardError} `GUARD_IDENTITY_UNAVAILABLE` */
  static open(stateDir: string, issuer: Issuer, wallMs: () => number = Date.now): LocalIdentity {
    return new LocalIdentity(openIdentityKey(stateDir), issuer, wallMs);
  }

  async issue(request: IdentityRequest): Promise<string> {
    const { client, server, audience, closure, profile, serial } = request;
    const subject = spiffeId(this.#issuer.trustDomain, { host: this.#issuer.host, client, server });
    return signToken({ subject, audience, closure, profile, serial }, this.#key, this.#wallMs());
  }
}

/** Asks the agent for tokens. It decides for itself what is true of a request: this only checks that the answer fits. */
export class AgentIdentity implements IdentitySource {
  readonly #ask: (request: IdentityRequest) => Promise<string>;
  readonly #timeoutMs: number;

  /** `ask` carries a request to the agent and brings its token; it may reject with any error. */
  constructor(ask: (request: IdentityRequest) => Promise<string>, timeoutMs = AGENT_TIMEOUT_MS) {
    this.#ask = ask;
    this.#timeoutMs = timeoutMs;
  }

  async issue(request: IdentityRequest): Promise<string> {
    const token = await this.#answer(request);
    const claims = parseToken(token)?.claims;
    const isMeant =
      claims?.sub.endsWith(serverPath(request)) &&
      claims.aud.length === 1 &&
      claims.aud[0] === request.audience &&
      claims.closure === request.closure &&
      claims.profile === request.profile &&
      claims.serial === request.serial;
    if (isMeant) return token;
    throw new GuardError(
      'GUARD_IDENTITY_UNAVAILABLE',
      'the agent’s answer is not the token that was asked for',
    );
  }

  async #answer(request: IdentityRequest): Promise<string> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`it took over ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    try {
      return await Promise.race([this.#ask(request), late.promise]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GuardError('GUARD_IDENTITY_UNAVAILABLE', `the agent issues no identity: ${reason}`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
