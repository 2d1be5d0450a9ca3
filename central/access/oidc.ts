import type { Configuration, IDToken } from 'openid-client';
import { CentralError } from '../errors.ts';
import { ROLES, type Role } from './role.ts';
import type { OidcSettings } from './settings.ts';

/** Milliseconds that somebody may take to log in at the provider. */
const LOGIN_WAIT_MS = 10 * 60_000;
/** Logins that are under way at once; beyond that the oldest is forgotten. */
const MAX_UNDER_WAY = 1_000;
/** Seconds that the provider may take to answer. */
const PROVIDER_TIMEOUT_S = 10;
/** Characters of a name that is kept. */
const MAX_NAME = 256;
export const CALLBACK_PATH = '/login/callback';

interface UnderWay {
  readonly verifier: string;
  readonly nonce: string;
  /** Secret that the same browser has to show, so that nobody can be logged in as somebody else. */
  readonly browser: string;
  readonly until: number;
}

/** Who logged in. */
export interface LoggedIn {
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
}

export interface OidcParts {
  readonly settings: OidcSettings;
  readonly clientSecret: string | null;
  /** URL by which people reach the API. */
  readonly publicUrl: string;
  readonly clock: () => number;
}

function failed(message: string, cause?: unknown): CentralError {
  return new CentralError('CENTRAL_LOGIN_FAILED', message, cause === undefined ? {} : { cause });
}

/** The highest role whose values the claim holds. */
function roleOfClaim(claim: unknown, roles: OidcSettings['roles']): Role | null {
  const held = new Set((Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string'));
  return ROLES.findLast((role) => roles[role]?.some((value) => held.has(value)) === true) ?? null;
}

/** Login by OpenID Connect Core 1.0: authorization code flow (§3.1) with PKCE (RFC 7636), state and nonce. */
export class OidcLogin {
  readonly #parts: OidcParts;
  readonly #underWay = new Map<string, UnderWay>();
  #provider: Promise<Configuration> | null = null;

  constructor(parts: OidcParts) {
    this.#parts = parts;
  }

  get #redirect(): string {
    return new URL(CALLBACK_PATH, this.#parts.publicUrl).href;
  }

  /** Where to send a browser, and the secret that it has to bring back. @throws {CentralError} */
  async begin(): Promise<{ readonly url: string; readonly browser: string }> {
    const client = await import('openid-client');
    const provider = await this.#configuration();
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce, browser] = [client.randomState(), client.randomNonce(), client.randomState()];
    this.#remember(state, { verifier, nonce, browser, until: this.#parts.clock() + LOGIN_WAIT_MS });
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#redirect,
      scope: ['openid', ...this.#parts.settings.scopes].join(' '),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, browser };
  }

  /**
   * Ends a login with what the provider sent back: the query of the callback, and the secret of the browser.
   * @throws {CentralError} `CENTRAL_LOGIN_FAILED`, `CENTRAL_LOGIN_NO_ROLE`
   */
  async finish(query: URLSearchParams, browser: string | undefined): Promise<LoggedIn> {
    const state = query.get('state') ?? '';
    const begun = this.#underWay.get(state);
    this.#underWay.delete(state);
    if (begun === undefined || begun.until <= this.#parts.clock() || begun.browser !== browser) {
      throw failed('this login was not begun here, by this browser, in the last ten minutes');
    }
    const claims = await this.#exchange(query, state, begun);
    const { role_claim, name_claim, roles } = this.#parts.settings;
    const role = roleOfClaim(claims[role_claim], roles);
    const named = claims[name_claim];
    const name = (typeof named === 'string' && named !== '' ? named : claims.sub).slice(0, MAX_NAME);
    if (role === null) {
      throw new CentralError('CENTRAL_LOGIN_NO_ROLE', `${name} has no role here`, {
        hint: `claim ${role_claim} holds none of the values in central's config`,
      });
    }
    return { subject: claims.sub, name, role };
  }

  async #exchange(query: URLSearchParams, state: string, begun: UnderWay): Promise<IDToken> {
    const client = await import('openid-client');
    const back = new URL(this.#redirect);
    back.search = query.toString();
    try {
      const tokens = await client.authorizationCodeGrant(await this.#configuration(), back, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw failed('the provider sent no id token');
      return claims;
    } catch (cause) {
      if (cause instanceof CentralError) throw cause;
      throw failed('the provider did not confirm the login', cause);
    }
  }

  #configuration(): Promise<Configuration> {
    this.#provider ??= this.#discover();
    // A provider that cannot be reached now may be there at the next login.
    this.#provider.catch(() => {
      this.#provider = null;
    });
    return this.#provider;
  }

  async #discover(): Promise<Configuration> {
    const client = await import('openid-client');
    const { settings, clientSecret } = this.#parts;
    const issuer = new URL(settings.issuer);
    // Signatures of id tokens are checked, although they come from the provider itself.
    const execute = [client.enableNonRepudiationChecks];
    if (issuer.protocol === 'http:') execute.push(client.allowInsecureRequests);
    const authentication = clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret);
    try {
      return await client.discovery(issuer, settings.client_id, undefined, authentication, {
        execute,
        timeout: PROVIDER_TIMEOUT_S,
      });
    } catch (cause) {
      throw failed(`the provider ${issuer.origin} cannot be used`, cause);
    }
  }

  #remember(state: string, begun: UnderWay): void {
    const [oldest] = this.#underWay.keys();
    if (this.#underWay.size >= MAX_UNDER_WAY && oldest !== undefined) this.#underWay.delete(oldest);
    this.#underWay.set(state, begun);
  }
}
