/** A cookie that an answer sets; 0 seconds take it away. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeS: number;
}

/** The cookies of the API. */
export interface Cookies {
  /** Name of the cookie of somebody who is logged in. */
  readonly login: string;
  /** Name of the cookie of a browser whose login is under way. */
  readonly browser: string;
  /**
   * Scripts cannot read them and requests of other sites do not carry them (RFC 6265bis §4.1.2). Where people reach
   * the API by https they travel by https alone, and `__Host-` keeps other hosts of the domain from setting them.
   */
  readonly attributes: {
    readonly path: '/';
    readonly httpOnly: true;
    readonly sameSite: 'lax';
    readonly secure: boolean;
  };
}

/** The cookies of an API that people reach by this URL; null where nobody logs in. */
export function cookiesFor(publicUrl: string | null): Cookies {
  const secure = publicUrl?.startsWith('https:') === true;
  const prefix = secure ? '__Host-' : '';
  return {
    login: `${prefix}sealwatch_login`,
    browser: `${prefix}sealwatch_begun`,
    attributes: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  };
}
