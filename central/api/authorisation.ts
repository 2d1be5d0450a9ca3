import type { FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import { ANONYMOUS, type Principal } from '../access/principal.ts';
import { lowestRole, permits } from '../access/role.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { CentralLog } from '../log.ts';
import type { Cookies } from './cookies.ts';
import { Refused } from './refused.ts';
import type { Route } from './route.ts';

export interface AuthorisationParts {
  readonly access: Access;
  readonly audit: AuditLog;
  readonly log: CentralLog;
  readonly cookies: Cookies;
  /** URL by which people reach the API; null where nobody logs in. */
  readonly publicUrl: string | null;
}

/**
 * A browser sends cookies of its own accord; only the page they belong to may make it change something. Browsers say
 * which page asks in Origin, or in Sec-Fetch-Site (W3C Fetch Metadata), and no page can set either.
 */
function refuseForeignPage({ headers }: FastifyRequest, publicUrl: string | null): void {
  const isOwn =
    headers.origin === undefined
      ? headers['sec-fetch-site'] === 'same-origin'
      : publicUrl !== null && headers.origin === new URL(publicUrl).origin;
  if (isOwn) return;
  throw new Refused(403, 'a request with a cookie that changes something must come from our own page', {
    code: 'foreign-origin',
  });
}

function challenge(message: string): Refused {
  return new Refused(401, message, { headers: { 'www-authenticate': 'Bearer' } });
}

async function noteWrong(request: FastifyRequest, { audit, log }: AuthorisationParts): Promise<void> {
  const detail = { path: request.routeOptions.url ?? '', method: request.method };
  log.warn('a credential does not hold; more of this address are only counted for a minute', {
    address: request.ip,
    ...detail,
  });
  await audit.append({ actor: 'unknown', action: 'access.refuse', subject: request.ip, detail });
}

/** Who makes a request, once it may pass; nobody in particular where the route is public. @throws {Refused} 401, 403, 429 */
export async function authorise(
  request: FastifyRequest,
  { permission, method }: Route,
  parts: AuthorisationParts,
): Promise<Principal> {
  if (permission === 'public') return ANONYMOUS;
  const { authorization } = request.headers;
  const cookie = authorization === undefined ? request.cookies[parts.cookies.login] : undefined;
  const answer = await parts.access.who({ authorization, cookie, address: request.ip });
  switch (answer.kind) {
    case 'wait':
      throw new Refused(429, 'too many credentials that do not hold came from this address', {
        headers: { 'retry-after': String(Math.ceil(answer.ms / 1_000)) },
      });
    case 'nobody':
      throw challenge('a token or a login is needed');
    case 'wrong':
      if (answer.first) await noteWrong(request, parts);
      throw challenge('this credential does not hold');
    case 'known':
      break;
  }
  const { principal } = answer;
  if (!permits(principal.role, permission)) {
    if (principal.kind === 'anonymous') throw challenge('a token or a login is needed');
    throw new Refused(403, `this needs the role ${lowestRole(permission)}`);
  }
  if (principal.kind === 'login' && method !== 'GET') refuseForeignPage(request, parts.publicUrl);
  return principal;
}
