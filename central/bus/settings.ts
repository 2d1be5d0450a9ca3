import * as z from 'zod';

const MEBIBYTE = 1024 ** 2;
const milliseconds = (least: number, most: number) => z.number().int().min(least).max(most);

/** What a node of central does. One node that does all of it needs no bus. */
export const ROLES = ['ingest', 'writer', 'api', 'feeds'] as const;
export type Role = (typeof ROLES)[number];

/** Which parts of central run in this process. */
export const rolesSetting = z
  .array(z.enum(ROLES))
  .min(1)
  .default([...ROLES]);

/** The bus between ingest nodes and writers: NATS with JetStream, 2.9 or newer. */
export const busSettingsSchema = z
  .strictObject({
    /** `host:port` of each server; any of them is enough to start. `tls://host:port` in one: TLS is demanded of all. */
    servers: z.array(z.string().min(1).max(300)).min(1).max(32),
    /** PEM file of the authorities that vouch for the servers. Given: TLS is demanded. */
    ca_file: z.string().min(1).optional(),
    /** Credentials file of NATS (JWT and seed); mode 0600. */
    creds_file: z.string().min(1).optional(),
    user: z.string().min(1).max(255).optional(),
    /** File that holds the user's password and nothing else; mode 0600. */
    password_file: z.string().min(1).optional(),
    /** Name of the stream of alerts; that of what could not be stored is this with `-dead`. */
    stream: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .default('sealwatch'),
    /** Servers that hold each alert: 3 for a cluster that may lose one. */
    replicas: z.number().int().min(1).max(5).default(1),
    /** Bytes of alerts that may wait for a writer. Beyond, alerts are refused and stay with the agents. */
    max_bytes: z
      .number()
      .int()
      .min(MEBIBYTE)
      .default(8 * 1024 * MEBIBYTE),
    /** Bytes kept of messages that can never be stored; the oldest go first. */
    dead_max_bytes: z
      .number()
      .int()
      .min(MEBIBYTE)
      .default(256 * MEBIBYTE),
    /** Milliseconds in which the bus itself notices an alert that is sent twice; later the database does. */
    duplicate_window_ms: milliseconds(100, 86_400_000).default(120_000),
    /** Milliseconds that a batch may wait for the bus before the agent is told to come back later. */
    publish_wait_ms: milliseconds(100, 60_000).default(10_000),
    /** Milliseconds after which alerts that a writer took and did not store go to another one. */
    ack_wait_ms: milliseconds(1_000, 600_000).default(30_000),
    /** Alerts that all writers together may hold. */
    max_ack_pending: z.number().int().min(1).max(1_000_000).default(16_384),
    /** Alerts in one transaction of a writer. */
    write_alerts: z.number().int().min(1).max(16_384).default(2_048),
  })
  .refine(
    ({ user, password_file }) => (user === undefined) === (password_file === undefined),
    'user and password_file go together',
  )
  .refine(
    ({ creds_file, user }) => creds_file === undefined || user === undefined,
    'creds_file and user exclude each other',
  );
export type BusSettings = Readonly<z.infer<typeof busSettingsSchema>>;
/** Settings as the operator gives them: what has a default may be absent. */
export type GivenBusSettings = Readonly<z.input<typeof busSettingsSchema>>;
