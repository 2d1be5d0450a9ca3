import * as z from 'zod';
import { AttemptsByAddress } from '../../access/attempts.ts';
import { LOGIN_MS, type Logins } from '../../access/logins.ts';
import { CALLBACK_PATH, type LoggedIn, type OidcLogin } from '../../access/oidc.ts';
import { actorOf, type Principal } from '../../access/principal.ts';
import { ROLES } from '../../access/role.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { CentralError } from '../../errors.ts';
import { type CentralLog, describeError } from '../../log.ts';
import type { Cookies } from '../cookies.ts';
import { doneAnswer, noQuery } from '../queries.ts';
import { Refused } from '../refused.ts';
import { Answered, JSON_TYPE, type Route, route } from '../route.ts';

/** Seconds that a browser has to bring its login to an end. */
const BEGUN_S = 600;
const MS_PER_SECOND = 1_000;
/** Logins that one address may begin in a minute, and of those that fail which the audit log is told of. */
const BEGUN = { count: 60, windowMs: 60_000 };

export interface LoginParts {
  readonly oidc: OidcLogin;
  readonly logins: Logins;
  readonly audit: AuditLog;
  readonly log: CentralLog;
  readonly cookies: Cookies;
  readonly clock: () => number;
}

const callbackQuery = z
  .record(z.string().max(64), z.string().max(4_096))
  .refine((query) => Object.keys(query).length <= 16, 'has too many parameters');

function refusalOf(error: unknown): Refused {
  if (!(error instanceof CentralError)) throw error;
  const code = error.code === 'CENTRAL_LOGIN_NO_ROLE' ? 'no-role' : 'login-failed';
  return new Refused(403, error.message, { code });
}

function beginRoute({ oidc, cookies, clock, log }: LoginParts): Route {
  const attempts = new AttemptsByAddress(BEGUN, clock);
  return route({
    method: 'GET',
    path: '/login',
    permission: 'public',
    summary: 'Sends a browser to the provider where people log in.',
    query: noQuery,
    answer: 'text/plain',
    refusals: { 403: 'The provider cannot be used.', 429: 'Too many logins were begun.' },
    handle: async ({ address }) => {
      if (attempts.wait(address) > 0) throw new Refused(429, 'too many logins were begun from this address');
      attempts.note(address);
      try {
        const { url, browser } = await oidc.begin();
        return new Answered('', {
          status: 302,
          headers: { location: url },
          cookies: [{ name: cookies.browser, value: browser, maxAgeS: BEGUN_S }],
        });
      } catch (error) {
        log.warn('a login could not begin', { error: describeError(error) });
        throw refusalOf(error);
      }
    },
  });
}

function callbackRoute({ oidc, logins, audit, log, cookies, clock }: LoginParts): Route {
  const failures = new AttemptsByAddress(BEGUN, clock);
  const finish = async (
    query: URLSearchParams,
    browser: string | undefined,
    address: string,
  ): Promise<LoggedIn> => {
    if (failures.wait(address) > 0) throw new Refused(429, 'too many logins failed from this address');
    try {
      return await oidc.finish(query, browser);
    } catch (error) {
      log.warn('a login failed', { address, error: describeError(error) });
      if (failures.note(address)) {
        const code = error instanceof CentralError ? error.code : 'internal';
        await audit.append({ actor: 'unknown', action: 'login.refuse', subject: address, detail: { code } });
      }
      throw refusalOf(error);
    }
  };
  return route({
    method: 'GET',
    path: CALLBACK_PATH,
    permission: 'public',
    summary: 'Where the provider sends a browser back to.',
    query: callbackQuery,
    answer: 'text/plain',
    refusals: { 403: 'The login failed, or gives no role.', 429: 'Too many logins failed.' },
    handle: async ({ query, cookies: shown, address }) => {
      const who = await finish(new URLSearchParams(query), shown[cookies.browser], address);
      // Always a secret that nobody has seen before, so that no one can plant one.
      const secret = await logins.begin(who);
      return new Answered('', {
        status: 303,
        headers: { location: '/' },
        cookies: [
          { name: cookies.login, value: secret, maxAgeS: LOGIN_MS / MS_PER_SECOND },
          { name: cookies.browser, value: '', maxAgeS: 0 },
        ],
      });
    },
  });
}

function logoutRoute({ logins, cookies }: LoginParts): Route {
  return route({
    method: 'POST',
    path: '/logout',
    permission: 'read',
    summary: 'Ends the login whose cookie is shown.',
    query: noQuery,
    answer: doneAnswer,
    handle: async ({ cookies: shown, principal }) => {
      const secret = shown[cookies.login];
      if (principal.kind !== 'login' || secret === undefined) {
        throw new Refused(409, 'no cookie of a login is shown');
      }
      await logins.end(secret);
      return new Answered('{"done":true}', {
        headers: { 'content-type': JSON_TYPE },
        cookies: [{ name: cookies.login, value: '', maxAgeS: 0 }],
      });
    },
  });
}

/** Who asks, as central sees it. */
export function meRoute(): Route {
  return route({
    method: 'GET',
    path: '/api/v1/me',
    permission: 'read',
    summary: 'Who asks, and in which role.',
    query: noQuery,
    answer: z.object({
      actor: z.string(),
      kind: z.enum(['token', 'login', 'anonymous'] satisfies Principal['kind'][]),
      role: z.enum(ROLES),
    }),
    handle: async ({ principal }) => ({
      actor: actorOf(principal),
      kind: principal.kind,
      role: principal.role,
    }),
  });
}

/** How people log in and out. */
export function loginRoutes(parts: LoginParts): readonly Route[] {
  return [beginRoute(parts), callbackRoute(parts), logoutRoute(parts)];
}
