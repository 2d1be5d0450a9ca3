import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { apiSettingsSchema } from '../access/settings.ts';
import { bundleSettings } from '../bundles/settings.ts';
import { busSettingsSchema, rolesSetting } from '../bus/settings.ts';
import { type FeedSettings, feedsSchema } from '../feed/settings.ts';
import { type IdentitySettings, identitySettings, listenAddress } from '../identity/settings.ts';
import { ingestSettingsSchema } from '../ingest/settings.ts';
import { silenceSettingsSchema } from '../silence/settings.ts';
import { databaseSetting, retentionSettings } from '../store/settings.ts';

const { listen, names, trust_domain, certificate_hours, reenrol_days, reenrol_groups } =
  identitySettings.shape;
const absolutePath = z.string().max(4_096).refine(isAbsolute, 'must be an absolute path');

/** What the operator writes in central's config file. Each part says what it takes; docs/central-config.md explains all. */
export const centralConfigSchema = z.strictObject({
  /** Directory of the certificate authority and, unless `database` says otherwise, of the database. */
  state_dir: absolutePath,
  listen,
  names,
  trust_domain,
  /** How long certificates are good for, and who may renew them late. */
  identity: z.strictObject({ certificate_hours, reenrol_days, reenrol_groups }).prefault({}),
  database: databaseSetting.optional(),
  /** The API, its pages and `/metrics`. */
  api: apiSettingsSchema.extend({ listen: listenAddress.prefault('127.0.0.1:7300') }).prefault({}),
  feeds: feedsSchema.default([]),
  /** Rules, approvals and settings for hosts. */
  bundles: bundleSettings.prefault({}),
  retention: retentionSettings.prefault({}),
  silence: silenceSettingsSchema.prefault({}),
  /** What agents may send, and how many at once. */
  limits: ingestSettingsSchema.prefault({}),
  /** Name of this node among several; that of the host where absent. */
  node: z.string().min(1).max(255).optional(),
  roles: rolesSetting,
  bus: busSettingsSchema.optional(),
});
export type CentralConfig = Readonly<z.infer<typeof centralConfigSchema>>;

/** Settings of identities, whose directory lies in the state directory. */
export function identityOf(config: CentralConfig): IdentitySettings {
  return {
    ...config.identity,
    listen: config.listen,
    names: config.names,
    trust_domain: config.trust_domain,
    directory: join(config.state_dir, 'authority'),
  };
}

/** Files that the config names, each with the key that names it; secrets are in most of them. */
export function filesOf(config: CentralConfig): ReadonlyMap<string, string> {
  const { database } = config;
  const named = new Map<string, string>();
  if (typeof database === 'object') named.set('database.postgres_url_file', database.postgres_url_file);
  const { bundles, api, bus } = config;
  const single = [
    ['bundles.signing_key', bundles.signing_key],
    ['api.tls.key_file', api.tls?.key_file],
    ['api.oidc.client_secret_file', api.oidc?.client_secret_file],
    ['bus.ca_file', bus?.ca_file],
    ['bus.creds_file', bus?.creds_file],
    ['bus.password_file', bus?.password_file],
  ] as const;
  for (const [key, path] of single) if (path !== undefined) named.set(key, path);
  for (const feed of config.feeds) {
    for (const [key, value] of secretFilesOf(feed)) named.set(`feeds ${feed.name} ${key}`, value);
  }
  return named;
}

function secretFilesOf(feed: FeedSettings): readonly (readonly [string, string])[] {
  return Object.entries(feed).filter(
    (entry): entry is [string, string] => entry[0].endsWith('_file') && typeof entry[1] === 'string',
  );
}
