import * as z from 'zod';
import { isLoopback } from '../api/host-guard.ts';
import { ROLES } from './role.ts';

const MAX_ROLE_VALUES = 200;

/** Whether what is sent to a URL cannot be read or changed on the way. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

const privateUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine(isPrivate, 'must be https, unless it is a loopback address');

/** Login by OpenID Connect. */
export const oidcSettingsSchema = z.strictObject({
  /** Issuer; its discovery document is read at the first login. Plain http for a loopback address only. */
  issuer: privateUrl,
  client_id: z.string().min(1).max(256),
  /** File with the client's secret; absent for a public client, which PKCE alone protects. */
  client_secret_file: z.string().optional(),
  /** Scopes asked for beside `openid`. */
  scopes: z.array(z.string().min(1).max(64)).max(20).default(['profile', 'email']),
  /** Claim that says what somebody is: a text or a list of texts. */
  role_claim: z.string().min(1).max(128).default('groups'),
  /** Values of that claim for each role; who has none of them is refused. The highest role counts. */
  roles: z.partialRecord(z.enum(ROLES), z.array(z.string().min(1).max(256)).max(MAX_ROLE_VALUES)),
  /** Claim that names somebody in the audit log. */
  name_claim: z.string().min(1).max(128).default('email'),
});
export type OidcSettings = Readonly<z.infer<typeof oidcSettingsSchema>>;

/** Key `api` of central's config. */
export const apiSettingsSchema = z.strictObject({
  /** ADDRESS:PORT of the API. */
  listen: z.string().default('127.0.0.1:7300'),
  /** TLS of the API: PEM files. Without, put a TLS proxy in front where it is not loopback. */
  tls: z.strictObject({ cert_file: z.string(), key_file: z.string() }).optional(),
  /** Addresses of proxies in front of the API, whose X-Forwarded-For is believed: failed logins are counted by address. */
  trusted_proxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(32)
    .default([]),
  /** URL by which people reach the API; logins need it. */
  public_url: privateUrl.optional(),
  oidc: oidcSettingsSchema.optional(),
});
export type ApiSettings = Readonly<z.infer<typeof apiSettingsSchema>>;
