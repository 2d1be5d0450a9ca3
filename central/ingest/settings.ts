import * as z from 'zod';
import { limits } from '../../wire/index.ts';

const milliseconds = (least: number, most: number) => z.number().int().min(least).max(most);

/** What the operator may say about connections of agents. */
export const ingestSettingsSchema = z.strictObject({
  /** Connections at once; beyond that an upgrade is answered with 503. */
  max_connections: z.number().int().min(1).max(1_000_000).default(25_000),
  /** Milliseconds from the TCP connection's slot, and again from the upgrade, until `hello`. */
  hello_timeout_ms: milliseconds(10, 60_000).default(5_000),
  /** Milliseconds between two pings of a connection; one that was silent for a whole round is cut. */
  ping_interval_ms: milliseconds(10, 600_000).default(30_000),
  /** Frames a second of one agent; beyond that its socket is not read for a while. */
  frames_per_second: z.number().int().min(1).max(100_000).default(100),
  /** Bytes a second of one agent. */
  bytes_per_second: z
    .number()
    .int()
    .min(64 * 1024)
    .max(1024 ** 3)
    .default(2 * limits.MAX_FRAME_BYTES),
  /** Alerts a second of one agent. */
  alerts_per_second: z.number().int().min(1).max(1_000_000).default(5_000),
  /** Milliseconds between two writes of what heartbeats said; one write for all agents. */
  note_interval_ms: milliseconds(10, 60_000).default(5_000),
  /** Connections that may be between TCP's handshake and `hello` at once. */
  handshakes: z.number().int().min(1).max(10_000).default(64),
  /** Of these, how many may come from one address; the rest is kept for others. */
  handshakes_per_address: z.number().int().min(1).max(10_000).default(48),
  /** Connections a second that are let in; also the pace at which a fleet is asked to return. */
  hellos_per_second: z.number().int().min(1).max(100_000).default(400),
  /** Connections that may wait for their turn; beyond that a connection is closed at once. */
  queue: z.number().int().min(0).max(100_000).default(8_192),
  /** Of these, how many may come from one address: fleets stand behind one address translator. */
  queue_per_address: z.number().int().min(0).max(100_000).default(6_144),
});
export type IngestSettings = Readonly<z.infer<typeof ingestSettingsSchema>>;

/** Settings with defaults for what is not given. */
export function ingestSettings(given: Partial<IngestSettings> = {}): IngestSettings {
  return ingestSettingsSchema.parse(given);
}
