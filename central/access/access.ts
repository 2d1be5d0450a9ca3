import type { ApiTokens } from './api-tokens.ts';
import { type AttemptLimits, AttemptsByAddress } from './attempts.ts';
import type { Logins } from './logins.ts';
import { ANONYMOUS, type Principal } from './principal.ts';

/** Credentials of one address that may fail in a minute. */
const FAILURES: AttemptLimits = { count: 20, windowMs: 60_000 };
const BEARER = /^Bearer ([!-~]{1,256})$/i;

/** What a request shows of who makes it. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Secret of a login, from the cookie. */
  readonly cookie: string | undefined;
  readonly address: string;
}

export type Answer =
  | { readonly kind: 'known'; readonly principal: Principal }
  /** Nothing was shown, and nothing is not enough here. */
  | { readonly kind: 'nobody' }
  /** Something was shown that does not hold; `first` within the window of its address. */
  | { readonly kind: 'wrong'; readonly first: boolean }
  | { readonly kind: 'wait'; readonly ms: number };

export interface AccessParts {
  readonly tokens: Pick<ApiTokens, 'find'>;
  readonly logins: Pick<Logins, 'find'>;
  /** Whether somebody without any credential may look: on the loopback of a single host. */
  readonly anonymous: boolean;
  readonly clock: () => number;
}

/** Tells who makes a request. */
export class Access {
  readonly #parts: AccessParts;
  readonly #attempts: AttemptsByAddress;

  constructor(parts: AccessParts) {
    this.#parts = parts;
    this.#attempts = new AttemptsByAddress(FAILURES, parts.clock);
  }

  /** A header counts before a cookie; a credential that does not hold is never taken for none. */
  async who({ authorization, cookie, address }: Credentials): Promise<Answer> {
    if (authorization === undefined && cookie === undefined) {
      return this.#parts.anonymous ? { kind: 'known', principal: ANONYMOUS } : { kind: 'nobody' };
    }
    const ms = this.#attempts.wait(address);
    if (ms > 0) return { kind: 'wait', ms };
    const principal = await this.#find(authorization, cookie);
    if (principal !== null) return { kind: 'known', principal };
    return { kind: 'wrong', first: this.#attempts.note(address) };
  }

  async #find(authorization: string | undefined, cookie: string | undefined): Promise<Principal | null> {
    if (authorization !== undefined) {
      const token = BEARER.exec(authorization)?.[1];
      return token === undefined ? null : await this.#parts.tokens.find(token);
    }
    return cookie === undefined ? null : await this.#parts.logins.find(cookie);
  }
}
