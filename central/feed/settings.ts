import * as z from 'zod';
import { SEVERITIES } from '../../wire/index.ts';

/** Feeds of one central at most. */
const MAX_FEEDS = 64;
/** Patterns or groups of one filter at most. */
const MAX_FILTER_ENTRIES = 256;

const path = z.string().min(1).max(4_096);
const seconds = (least: number, most: number, usual: number) =>
  z.number().min(least).max(most).default(usual);
const rulePattern = z.string().regex(/^[\w.*-]{1,128}$/, 'is the name of a rule, with * for any text');

const common = {
  /** Identity of the feed: its cursor and dead letters belong to this name, so a new name starts anew. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is up to 64 of a-z, 0-9, dot, dash, underscore'),
  /** Where a feed begins that was never run: with all that is stored, or with what comes now. */
  start: z.enum(['beginning', 'now']).default('beginning'),
  /** Least level of an alert that is carried. */
  min_level: z.enum(SEVERITIES).default('informational'),
  /** Names of rules that are carried, `*` for any text; all where empty. */
  include: z.array(rulePattern).max(MAX_FILTER_ENTRIES).default([]),
  /** Names of rules that are not carried, even where `include` names them. */
  exclude: z.array(rulePattern).max(MAX_FILTER_ENTRIES).default([]),
  /** Groups of hosts whose alerts are carried; all where empty. */
  groups: z.array(z.string().max(128)).max(MAX_FILTER_ENTRIES).default([]),
};

const tlsSchema = z
  .strictObject({
    /** PEM file of the authorities that may have signed the receiver's certificate; those of Node where absent. */
    ca_file: path.optional(),
    /** Name that the receiver's certificate must have; the host that is connected to where absent. */
    server_name: z.string().min(1).max(253).optional(),
    /** PEM file of the certificate that the receiver is shown. */
    cert_file: path.optional(),
    /** PEM file of its key, mode 0600. */
    key_file: path.optional(),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), {
    error: 'cert_file and key_file go together',
  })
  .readonly();
export type TlsSettings = z.infer<typeof tlsSchema>;

const http = {
  /** Address of the receiver; `https:`, or `http:` with `allow_http`. No user, password or fragment in it. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !/^https?:\/\/[^/?]*@|#/.test(text), 'holds no user, password or fragment'),
  /** Lets alerts and secrets go over a network unencrypted. */
  allow_http: z.boolean().default(false),
  tls: tlsSchema.default({}),
  /** Seconds that one request may take, its answer included. */
  timeout_seconds: seconds(0.1, 300, 30),
};
/** File, mode 0600, with the value of the Authorization header, e.g. `ApiKey …`, `Bearer …`. */
const authorization_file = path.optional();
/** What one alert becomes: as agents send it, an OCSF Detection Finding, or an ECS document. */
const format = z.enum(['alert', 'ocsf', 'ecs']).default('alert');

/** A file of OCSF findings, one a line. */
const fileSchema = z.strictObject({ type: z.literal('file'), ...common, path });

/** CEF in RFC 5424 messages over TCP or TLS, octet-counted. */
const syslogSchema = z.strictObject({
  type: z.literal('syslog'),
  ...common,
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  /** TLS (RFC 5425) where present, plain TCP where null. */
  tls: tlsSchema.nullable().default(null),
  /** Syslog facility, 0–23; 16 is local0. */
  facility: z.int().min(0).max(23).default(16),
  /** Bytes of one message at most; rsyslog takes 8,192 unless told. */
  max_message_bytes: z.int().min(4_096).max(65_536).default(8_000),
  /** Seconds without a fault of the connection after which messages count as received. */
  settle_seconds: seconds(0.1, 300, 5),
  /** Seconds that connecting, or handing one chunk to the network, may take. */
  timeout_seconds: seconds(0.1, 300, 30),
});

/** Splunk HTTP Event Collector; `url` is that of the collector, up to and without `/services`. */
const hecSchema = z.strictObject({
  type: z.literal('hec'),
  ...common,
  ...http,
  /** File, mode 0600, with the collector's token. */
  token_file: path,
  index: z.string().min(1).max(128).optional(),
  source: z.string().min(1).max(256).default('sealwatch'),
  sourcetype: z.string().min(1).max(256).default('sealwatch:alert'),
  format,
  /** Waits until the indexers say that the events are safe; the token must have acknowledgement switched on. */
  acknowledge: z.boolean().default(false),
  /** Seconds after which what is not acknowledged is sent again. */
  acknowledge_seconds: seconds(0.5, 3_600, 120),
});

/** POST of JSON to any address, signed. */
const webhookSchema = z.strictObject({
  type: z.literal('webhook'),
  ...common,
  ...http,
  /** File, mode 0600, with the secret that bodies are signed with; at least 16 bytes. */
  secret_file: path,
  authorization_file,
  format,
  /** Alerts in one request at most. */
  max_alerts: z.int().min(1).max(256).default(64),
});

/** OTLP logs over HTTP as JSON; `url` is the whole address, usually ending in `/v1/logs`. */
const otlpSchema = z.strictObject({ type: z.literal('otlp'), ...common, ...http, authorization_file });

/** ECS documents to the `_bulk` of Elasticsearch or OpenSearch at `url`. */
const elasticsearchSchema = z.strictObject({
  type: z.literal('elasticsearch'),
  ...common,
  ...http,
  authorization_file,
  /** Index or data stream. */
  index: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,254}$/, 'is the name of an index, in lower case'),
});

/** NATS: JetStream with the alert's id as message id, or plain publishing. */
const natsSchema = z.strictObject({
  type: z.literal('nats'),
  ...common,
  /** `nats://` or `tls://` addresses of the cluster, without a user. */
  servers: z
    .array(z.string().regex(/^(nats|tls):\/\/[^@\s]+$/, 'is nats://HOST:PORT or tls://HOST:PORT'))
    .min(1)
    .max(16),
  subject: z.string().regex(/^[\w-]+(\.[\w-]+){0,15}$/, 'is a subject without wildcards'),
  /** False where no stream takes the subject: messages then count as delivered when the server has read them. */
  jetstream: z.boolean().default(true),
  format,
  /** TLS is demanded where present; with `tls://` addresses it always is. */
  tls: tlsSchema.nullable().default(null),
  /** File, mode 0600, with credentials (JWT and seed). */
  creds_file: path.optional(),
  /** File, mode 0600, with a token. */
  token_file: path.optional(),
  /** Seconds that connecting or an answer may take. */
  timeout_seconds: seconds(0.1, 300, 10),
});

const feedSchema = z
  .discriminatedUnion('type', [
    fileSchema,
    syslogSchema,
    hecSchema,
    webhookSchema,
    otlpSchema,
    elasticsearchSchema,
    natsSchema,
  ])
  .refine((feed) => !('url' in feed) || feed.allow_http || feed.url.startsWith('https:'), {
    error: 'url is not https; allow_http: true permits that',
    path: ['url'],
  });
export type FeedSettings = z.infer<typeof feedSchema>;
export type FeedType = FeedSettings['type'];
export type SettingsOf<T extends FeedType> = Extract<FeedSettings, { readonly type: T }>;
/** Settings of a feed over HTTP. */
export type HttpSettings = Pick<SettingsOf<'otlp'>, 'url' | 'tls' | 'timeout_seconds'>;

function isDistinct(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

/** `feeds` of central's config. Secrets are in files that it names, never in it. */
export const feedsSchema = z
  .array(feedSchema)
  .max(MAX_FEEDS)
  .refine((feeds) => isDistinct(feeds.map((feed) => feed.name)), { error: 'two feeds have one name' })
  .refine((feeds) => isDistinct(feeds.flatMap((feed) => (feed.type === 'file' ? [feed.path] : []))), {
    error: 'two feeds write one file',
  });

/** Settings of one file of all findings; its name, and so its cursor, belongs to the path. */
export function fileFeed(absolutePath: string): FeedSettings {
  return {
    type: 'file',
    name: `jsonl:${absolutePath}`,
    path: absolutePath,
    start: 'beginning',
    min_level: 'informational',
    include: [],
    exclude: [],
    groups: [],
  };
}
