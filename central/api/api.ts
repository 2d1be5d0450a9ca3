import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isExposed } from '../../approval/index.ts';
import { Access } from '../access/access.ts';
import { ApiTokens } from '../access/api-tokens.ts';
import { Logins } from '../access/logins.ts';
import { OidcLogin } from '../access/oidc.ts';
import type { ApiSettings } from '../access/settings.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { CentralError } from '../errors.ts';
import type { IdentityDesk } from '../identity/identity.ts';
import type { CentralLog } from '../log.ts';
import { TriageDesk } from '../triage/triage.ts';
import { type Api, type ApiTls, buildApi } from './app.ts';
import { type Cookies, cookiesFor } from './cookies.ts';
import { hostGuard, isLoopback } from './host-guard.ts';
import type { Route } from './route.ts';
import { alertRoutes } from './routes/alerts.ts';
import { auditRoutes } from './routes/audit.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { feedRoutes } from './routes/feeds.ts';
import { hostRoutes } from './routes/hosts.ts';
import { loginRoutes, meRoute } from './routes/login.ts';
import { type OperationParts, operationRoutes } from './routes/operations.ts';
import { serverRoutes } from './routes/servers.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { triageRoutes } from './routes/triage.ts';

/** Mode bits that let everybody do anything. */
const ALL_MAY_ANYTHING = 0o007;

export interface CentralApiParts extends OperationParts {
  readonly audit: AuditLog;
  readonly log: CentralLog;
  readonly version: string;
  readonly clock: () => number;
  /** Address that the API is bound to. */
  readonly host: string;
  readonly settings: Pick<ApiSettings, 'tls' | 'public_url' | 'oidc' | 'trusted_proxies'>;
  /** What somebody without any credential is; `viewer` on a loopback address only. */
  readonly anonymous: 'viewer' | 'none';
  readonly identity: IdentityDesk;
  /** Routes of other parts. */
  readonly more: readonly Route[];
}

/** `secret`: nobody but its owner and group may read it. */
function fileOf(path: string, what: string, secret = false): string {
  try {
    const isOpen = secret && (statSync(path).mode & ALL_MAY_ANYTHING) !== 0;
    const exposed = [path, dirname(path)].find(isExposed) ?? (isOpen ? path : undefined);
    if (exposed !== undefined) {
      throw new CentralError('CENTRAL_API_FILE_EXPOSED', `${what} is open to others: ${exposed}`, {
        hint: `chmod ${exposed === path && secret ? 'o-rwx,g-w' : 'go-w'} ${exposed}`,
      });
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof CentralError) throw cause;
    throw new CentralError('CENTRAL_API_FILE_UNREADABLE', `${what} ${path} cannot be read`, { cause });
  }
}

function tlsOf({ tls }: CentralApiParts['settings']): ApiTls | null {
  if (tls === undefined) return null;
  return {
    cert: fileOf(tls.cert_file, 'the certificate'),
    key: fileOf(tls.key_file, 'the key of the certificate', true),
  };
}

function oidcOf({ settings, clock }: CentralApiParts): OidcLogin | null {
  const { oidc, public_url: publicUrl } = settings;
  if (oidc === undefined) return null;
  if (publicUrl === undefined) {
    throw new CentralError('CENTRAL_LOGIN_UNUSABLE', 'logins need the public_url of the API', {
      hint: 'set public_url to the URL that people type',
    });
  }
  const file = oidc.client_secret_file;
  const clientSecret = file === undefined ? null : fileOf(file, "the client's secret", true).trim();
  return new OidcLogin({ settings: oidc, clientSecret, publicUrl, clock });
}

function refuseOpenAnonymity({ anonymous, host }: CentralApiParts): void {
  if (anonymous === 'none' || isLoopback(host)) return;
  throw new CentralError('CENTRAL_ANONYMOUS_REFUSED', `anybody who reaches ${host} could read the API`, {
    hint: 'listen on 127.0.0.1, or use `sealwatch central run` with tokens or logins',
  });
}

interface Desks {
  readonly tokens: ApiTokens;
  readonly logins: Logins;
  readonly oidc: OidcLogin | null;
  readonly cookies: Cookies;
}

function routesOf(parts: CentralApiParts, { tokens, logins, oidc, cookies }: Desks): readonly Route[] {
  const { store, audit, clock, identity, more } = parts;
  return [
    ...operationRoutes(parts),
    ...alertRoutes(store),
    ...triageRoutes(store, new TriageDesk(audit, clock)),
    ...serverRoutes(store.db),
    ...hostRoutes(store.db, identity),
    ...tokenRoutes(tokens),
    ...enrolmentRoutes(identity),
    ...auditRoutes(store.db),
    ...feedRoutes(parts),
    meRoute(),
    ...(oidc === null ? [] : loginRoutes({ ...parts, oidc, logins, cookies })),
    ...more,
  ];
}

/**
 * Central's API with everything behind it. Not yet listening.
 * @throws {CentralError} CENTRAL_ANONYMOUS_REFUSED, CENTRAL_API_FILE_UNREADABLE, CENTRAL_LOGIN_UNUSABLE
 */
export async function buildCentralApi(parts: CentralApiParts): Promise<Api> {
  const { store, audit, clock, settings, host } = parts;
  refuseOpenAnonymity(parts);
  const oidc = oidcOf(parts);
  const publicUrl = settings.public_url ?? null;
  const tokens = new ApiTokens(store.db, audit, clock);
  const logins = new Logins(store.db, audit, clock);
  const cookies = cookiesFor(publicUrl);
  return await buildApi({
    ...parts,
    routes: routesOf(parts, { tokens, logins, oidc, cookies }),
    access: new Access({ tokens, logins, anonymous: parts.anonymous === 'viewer', clock }),
    cookies,
    publicUrl,
    allowsHost: hostGuard(host),
    trustedProxies: settings.trusted_proxies,
    tls: tlsOf(settings),
  });
}
