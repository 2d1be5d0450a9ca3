import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { BusSettings } from './settings.ts';

/** JetStream error (server/errors.json): there is no such stream. */
const STREAM_NOT_FOUND = 10059;
const NANOSECONDS_PER_MS = 1_000_000;
/** Durable consumer that all writers share. */
export const WRITERS = 'writers';
const SUBJECT = 'sealwatch.alerts';
const DEAD_SUBJECT = 'sealwatch.dead';
export const CLAIMS_SUBJECT = 'sealwatch.claims';
export const COMMITS_SUBJECT = 'sealwatch.commits';

/** Subject of an agent's alerts. */
export function subjectOf(agent: string): string {
  return `${SUBJECT}.${agent}`;
}

/** Subject of what could not be stored, made from that of the message. */
export function deadSubjectOf(subject: string): string {
  return subject.replace(SUBJECT, DEAD_SUBJECT);
}

/** Agent that a subject names; null for another subject. */
export function agentOfSubject(subject: string): string | null {
  return /^sealwatch\.alerts\.([0-9a-f]{16})$/.exec(subject)?.[1] ?? null;
}

export function deadStreamOf({ stream }: BusSettings): string {
  return `${stream}-dead`;
}

/**
 * Alerts wait on disk until a writer has stored them. A full stream refuses: no limit may take away what was
 * acknowledged, so there is none of age or number.
 */
function alertStream(settings: BusSettings): Partial<StreamConfig> & { name: string } {
  return {
    name: settings.stream,
    subjects: [`${SUBJECT}.*`],
    retention: 'workqueue',
    storage: 'file',
    discard: 'new',
    max_bytes: settings.max_bytes,
    max_age: 0,
    max_msgs: -1,
    num_replicas: settings.replicas,
    duplicate_window: settings.duplicate_window_ms * NANOSECONDS_PER_MS,
  };
}

function deadStream(settings: BusSettings): Partial<StreamConfig> & { name: string } {
  return {
    name: deadStreamOf(settings),
    subjects: [`${DEAD_SUBJECT}.>`],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_bytes: settings.dead_max_bytes,
    num_replicas: settings.replicas,
  };
}

/** What the settings may change of a stream that is there. */
const CHANGEABLE = ['max_bytes', 'num_replicas', 'duplicate_window'] as const;

async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  // Adding it once more would ask NATS 2.9 for the room of a second one.
  const there = await manager.streams.info(config.name).catch((error: unknown) => {
    if (codeOf(error) === STREAM_NOT_FOUND) return null;
    throw error;
  });
  if (there === null) await manager.streams.add(config);
  else if (CHANGEABLE.some((key) => config[key] !== undefined && config[key] !== there.config[key]))
    await manager.streams.update(config.name, config);
}

/** Makes both streams, or brings their limits to what the settings say. @throws what NATS answers */
export async function ensureStreams(manager: JetStreamManager, settings: BusSettings): Promise<void> {
  await ensureStream(manager, alertStream(settings));
  await ensureStream(manager, deadStream(settings));
}

/** Makes the consumer that writers share. @throws what NATS answers */
export async function ensureWriters(manager: JetStreamManager, settings: BusSettings): Promise<void> {
  const config: Partial<ConsumerConfig> = {
    durable_name: WRITERS,
    ack_policy: 'explicit',
    deliver_policy: 'all',
    ack_wait: settings.ack_wait_ms * NANOSECONDS_PER_MS,
    max_ack_pending: settings.max_ack_pending,
    max_deliver: -1,
  };
  await manager.consumers.add(settings.stream, config);
}

/** Errors of the client that carry what JetStream answered. */
const API_ERRORS: readonly string[] = ['JetStreamApiError', 'StreamNotFoundError'];

/** Error code of JetStream in an error of the client; null where it is none. */
export function codeOf(error: unknown): number | null {
  const code: unknown =
    error instanceof Error && API_ERRORS.includes(error.name) ? Reflect.get(error, 'code') : null;
  return typeof code === 'number' ? code : null;
}
