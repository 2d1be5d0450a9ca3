import * as z from 'zod';
import { alertSchema } from '../alert.ts';
import { WireError } from '../errors.ts';
import { serverSchema } from '../server.ts';
import { MAX_BATCH_ALERTS, MAX_FRAME_BYTES, MAX_INVENTORY_SERVERS, PROTOCOL_VERSION } from './limits.ts';

const agentFrameSchemas = {
  /** First frame of an agent: who it is and the newest alert that it holds. */
  hello: z.object({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL_VERSION),
    agent: z.object({
      id: z.string().regex(/^[0-9a-f]{16}$/),
      version: z.string().max(64),
      host: z.string().max(255),
      os: z.string().max(255),
    }),
    last_seq: z.number().int().nonnegative(),
  }),
  /** Alerts in rising `seq`, never the same seq twice. */
  batch: z.object({ type: z.literal('batch'), alerts: z.array(alertSchema).min(1).max(MAX_BATCH_ALERTS) }),
  /** The servers of the host as they stand now; replaces what was sent before. */
  inventory: z.object({
    type: z.literal('inventory'),
    servers: z.array(serverSchema).max(MAX_INVENTORY_SERVERS),
    /** Servers that did not fit. */
    omitted: z.number().int().nonnegative(),
  }),
  heartbeat: z.object({ type: z.literal('heartbeat'), last_seq: z.number().int().nonnegative() }),
  /** The agent stops on purpose; silence after it is not a fault. */
  goodbye: z.object({ type: z.literal('goodbye'), reason: z.string().max(200) }),
} as const;

export const REFUSAL_CODES = [
  'bad-frame',
  'unexpected-frame',
  'unsupported-protocol',
  'seq-out-of-order',
  'too-large',
  'internal',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

const centralFrameSchemas = {
  /** Answer to hello: the highest seq that central has committed for this agent. */
  welcome: z.object({ type: z.literal('welcome'), acked_seq: z.number().int().nonnegative() }),
  /** Everything up to and including `seq` is committed. */
  ack: z.object({ type: z.literal('ack'), seq: z.number().int().nonnegative() }),
  /** Sent before central closes the connection. */
  refuse: z.object({ type: z.literal('refuse'), code: z.enum(REFUSAL_CODES), message: z.string() }),
} as const;

type FrameOf<T extends Record<string, z.ZodType>> = { readonly [K in keyof T]: z.infer<T[K]> }[keyof T];
export type AgentFrame = FrameOf<typeof agentFrameSchemas>;
export type CentralFrame = FrameOf<typeof centralFrameSchemas>;
export type BatchFrame = Extract<AgentFrame, { type: 'batch' }>;
export type HelloFrame = Extract<AgentFrame, { type: 'hello' }>;

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
