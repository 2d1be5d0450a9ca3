import * as z from 'zod';
import { alertSchema } from '../alert.ts';
import { WireError } from '../errors.ts';
import { serverSchema } from '../server.ts';
import {
  MAX_BATCH_ALERTS,
  MAX_BUNDLE_BYTES,
  MAX_FRAME_BYTES,
  MAX_HEALTH_ENTRIES,
  MAX_INVENTORY_SERVERS,
  MAX_LOSS_STAGES,
  PROTOCOL_VERSION,
} from './limits.ts';

/** What central may send to hosts, signed and versioned. */
export const BUNDLE_KINDS = ['rules', 'approvals', 'policy', 'config'] as const;
export type BundleKind = (typeof BUNDLE_KINDS)[number];
export const BUNDLE_STATES = ['applied', 'refused'] as const;
export type BundleState = (typeof BUNDLE_STATES)[number];
/** What central may ask of an agent; nothing of it can lower what the agent enforces. */
export const COMMANDS = ['look_again', 'reload_rules', 'renew_certificate'] as const;
export type CommandName = (typeof COMMANDS)[number];
/** Why an agent stops on purpose. */
export const STOP_REASONS = ['stop', 'upgrade', 'uninstall'] as const;
export type StopReason = (typeof STOP_REASONS)[number];
const HEALTH_STATES = ['ok', 'degraded', 'failed'] as const;

const generation = z.string().regex(/^[0-9a-f]{32}$/);
const bundleVersion = z.object({ kind: z.enum(BUNDLE_KINDS), version: z.number().int().positive() });

/** What an agent says of itself. */
export const agentSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  version: z.string().max(64),
  host: z.string().max(255),
  os: z.string().max(255),
});

const agentFrameSchemas = {
  /** First frame of an agent: who it is and the newest alert that it holds. */
  hello: z.object({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL_VERSION),
    agent: agentSchema,
    last_seq: z.number().int().nonnegative(),
    /** What the last welcome gave; null before the first. A copy of the state directory shows an older one. */
    generation: generation.nullable().default(null),
    /** SHA-256 of what tells this machine from others; null where nothing does. */
    machine: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .default(null),
    /** Bundles that are in force here, one of a kind. */
    bundles: z.array(bundleVersion).max(BUNDLE_KINDS.length).default([]),
  }),
  /** Alerts in rising `seq`, never the same seq twice. */
  batch: z.object({
    type: z.literal('batch'),
    /** The seq before the first alert that this agent still holds: what lies between the two was given up and counted. */
    after: z.number().int().nonnegative().optional(),
    alerts: z.array(alertSchema).min(1).max(MAX_BATCH_ALERTS),
  }),
  /** The servers of the host as they stand now; replaces what was sent before. */
  inventory: z.object({
    type: z.literal('inventory'),
    servers: z.array(serverSchema).max(MAX_INVENTORY_SERVERS),
    /** Servers that did not fit. */
    omitted: z.number().int().nonnegative(),
  }),
  heartbeat: z.object({
    type: z.literal('heartbeat'),
    last_seq: z.number().int().nonnegative(),
    /** Alerts that wait for central. */
    waiting: z.number().int().nonnegative().optional(),
    /** How the collectors are. */
    health: z
      .array(
        z.object({
          collector: z.string().max(64),
          state: z.enum(HEALTH_STATES),
          detail: z.string().max(500),
          /** Why it is not well; null where it is. */
          code: z.string().max(64).nullable().optional(),
        }),
      )
      .max(MAX_HEALTH_ENTRIES)
      .optional(),
  }),
  /** What this agent could not carry since it started, by stage: totals, which never fall while it runs. */
  loss: z.object({
    type: z.literal('loss'),
    /** When this run of the agent began, RFC 3339. */
    since: z.iso.datetime(),
    lost: z
      .record(z.string().max(64), z.number().int().nonnegative())
      .refine((lost) => Object.keys(lost).length <= MAX_LOSS_STAGES, `has over ${MAX_LOSS_STAGES} stages`),
  }),
  /** What became of a bundle that central offered. */
  bundle_state: z.object({
    type: z.literal('bundle_state'),
    ...bundleVersion.shape,
    state: z.enum(BUNDLE_STATES),
    /** Code of the error where it was refused. */
    code: z.string().max(64).nullable(),
    message: z.string().max(500),
  }),
  /** What became of a command. */
  result: z.object({
    type: z.literal('result'),
    id: z.string().max(64),
    ok: z.boolean(),
    message: z.string().max(500),
  }),
  /** The agent stops on purpose; silence after it is not a fault. */
  goodbye: z.object({
    type: z.literal('goodbye'),
    /** One of STOP_REASONS; anything else is read as `stop`, such as the `stopped` of older agents. */
    reason: z.string().max(200),
  }),
} as const;

export const REFUSAL_CODES = [
  'bad-frame',
  'unexpected-frame',
  'unsupported-protocol',
  'seq-out-of-order',
  'seq-gap',
  'too-large',
  'too-fast',
  'not-this-agent',
  'cloned',
  'revoked',
  'busy',
  'internal',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

const centralFrameSchemas = {
  /** Answer to hello: the highest seq that central has committed for this agent. */
  welcome: z.object({
    type: z.literal('welcome'),
    acked_seq: z.number().int().nonnegative(),
    /** To be kept durably before anything is sent, and shown in the next hello. */
    generation: generation.optional(),
    /** The agent showed an old generation: what it has not sent must be numbered anew, above `acked_seq`. */
    renumber: z.boolean().optional(),
    /** Milliseconds over which this agent spreads its next connect, at random. */
    reconnect_ms: z.number().int().nonnegative().max(3_600_000).optional(),
  }),
  /** Everything up to and including `seq` is committed. */
  ack: z.object({ type: z.literal('ack'), seq: z.number().int().nonnegative() }),
  /** A bundle that this agent shall take; its bytes are at `/v1/bundles/SHA256`, for agents only. */
  bundle: z.object({
    type: z.literal('bundle'),
    ...bundleVersion.shape,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.number().int().positive().max(MAX_BUNDLE_BYTES),
  }),
  command: z.object({ type: z.literal('command'), id: z.string().max(64), name: z.enum(COMMANDS) }),
  /** Sent before central closes the connection. */
  refuse: z.object({ type: z.literal('refuse'), code: z.enum(REFUSAL_CODES), message: z.string() }),
} as const;

type FrameOf<T extends Record<string, z.ZodType>> = { readonly [K in keyof T]: z.infer<T[K]> }[keyof T];
export type AgentFrame = FrameOf<typeof agentFrameSchemas>;
export type CentralFrame = FrameOf<typeof centralFrameSchemas>;
export type BatchFrame = Extract<AgentFrame, { type: 'batch' }>;
export type HelloFrame = Extract<AgentFrame, { type: 'hello' }>;

/** What a goodbye says. */
export function stopReasonOf({ reason }: Extract<AgentFrame, { type: 'goodbye' }>): StopReason {
  return STOP_REASONS.find((known) => known === reason) ?? 'stop';
}

/** Text of a frame as it goes over the socket. */
export function encodeFrame(frame: AgentFrame | CentralFrame): string {
  return JSON.stringify(frame);
}

function decode<T extends Record<string, z.ZodType>>(schemas: T, text: string): FrameOf<T> {
  if (text.length > MAX_FRAME_BYTES) {
    throw new WireError(
      'WIRE_FRAME_TOO_LARGE',
      `frame of ${text.length} characters is over ${MAX_FRAME_BYTES}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WireError('WIRE_FRAME_NOT_JSON', 'frame is not JSON', { cause });
  }
  const type = typeof value === 'object' && value !== null ? Reflect.get(value, 'type') : undefined;
  const schema = typeof type === 'string' && Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (schema === undefined) {
    throw new WireError('WIRE_FRAME_UNKNOWN_TYPE', 'frame has no type of this protocol version');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    const where = first === undefined ? '' : ` at ${first.path.join('.') || '(top)'}: ${first.message}`;
    throw new WireError('WIRE_FRAME_INVALID', `${type} frame is not valid${where}`);
  }
  return parsed.data as FrameOf<T>;
}

/** Parses what an agent sent. @throws {WireError} */
export function decodeAgentFrame(text: string): AgentFrame {
  return decode(agentFrameSchemas, text);
}

/** Parses what central sent. @throws {WireError} */
export function decodeCentralFrame(text: string): CentralFrame {
  return decode(centralFrameSchemas, text);
}
