import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Alert } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Batch, RefusedBatch, StoredBatch } from '../store/batches.ts';
import type { Store } from '../store/store.ts';
import type { BusConnection, BusLink } from './connection.ts';
import { DeadLetters } from './dead-letters.ts';
import { type Letter, readLetter } from './message.ts';
import type { BusSettings } from './settings.ts';
import { ensureWriters, WRITERS } from './streams.ts';
import { registerUnknown } from './unknown-agents.ts';

/** Milliseconds that one request for alerts stays open. */
const FETCH_MS = 5_000;
/** Milliseconds between attempts of what fails: doubled from the first to the second. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;

export interface WriterParts {
  readonly connection: BusConnection;
  readonly settings: BusSettings;
  readonly store: Pick<Store, 'storeBatches' | 'db'>;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Called once for each alert that was not there before, in the order of commit. */
  readonly onStored: (alert: Alert) => void;
  /** Called after each commit that brought something new. */
  readonly onCommit: () => void;
}

interface Delivery {
  readonly message: JsMsg;
  readonly letter: Letter;
}

/** Deliveries that are stored as one batch. */
interface Parcel {
  readonly deliveries: readonly Delivery[];
  readonly batch: Batch;
}

/**
 * Takes alerts from the stream into the database. Each is acknowledged to NATS after the commit: a writer that dies
 * before leaves it to the next one, and what comes twice is stored once. Several may run at the same time.
 */
export class BusWriter {
  readonly #parts: WriterParts;
  readonly #dead: DeadLetters;
  readonly #stopping = new AbortController();
  #messages: ConsumerMessages | null = null;
  readonly #work: Promise<void>;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#dead = new DeadLetters(parts);
    this.#work = this.#run();
  }

  /** Ends after the group that is being stored; the rest goes to other writers, or comes again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#messages?.stop();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pause = RETRY_MIN_MS;
    while (!signal.aborted) {
      try {
        await this.#drain(await this.#parts.connection.up(FETCH_MS));
        pause = RETRY_MIN_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.warn('alerts cannot be taken from the bus; it is tried again', {
          error: describeError(error),
        });
        await this.#rest(pause);
        pause = Math.min(2 * pause, RETRY_MAX_MS);
      }
    }
  }

  /** Takes alerts over one link until it fails or the writer stops. */
  async #drain(link: BusLink): Promise<void> {
    const { settings, connection } = this.#parts;
    await ensureWriters(link.manager, settings);
    const consumer = await link.stream.consumers.get(settings.stream, WRITERS);
    while (!this.#stopping.signal.aborted && connection.link === link) {
      const messages = await consumer.fetch({ max_messages: settings.write_alerts, expires: FETCH_MS });
      this.#messages = messages;
      if (this.#stopping.signal.aborted) return messages.stop();
      let group: JsMsg[] = [];
      for await (const message of messages) {
        group.push(message);
        // What has come by now is stored together; waiting for more would only make it late.
        if (messages.getPending() > 0) continue;
        await this.#store(group);
        group = [];
      }
      if (group.length > 0) await this.#store(group);
    }
  }

  async #store(messages: readonly JsMsg[]): Promise<void> {
    const deliveries: Delivery[] = [];
    for (const message of messages) {
      if (message.redelivered) this.#parts.metrics.count('sealwatch_central_bus_redelivered_total');
      const letter = readLetter(message);
      if (typeof letter === 'string') await this.#dead.bury(message, letter);
      else deliveries.push({ message, letter });
    }
    const parcels = parcelsOf(deliveries);
    const outcomes = await this.#commit(parcels);
    for (const [index, parcel] of parcels.entries()) await this.#settle(parcel, outcomes[index]);
  }

  /** Acknowledges what is stored; what is not is looked at alert by alert, so that one takes no others with it. */
  async #settle(parcel: Parcel, outcome: StoredBatch | RefusedBatch | undefined): Promise<void> {
    // The writer stops and the database does not answer: the messages come again.
    if (outcome === undefined) return;
    const isStored = outcome.kind === 'stored';
    if (isStored) this.#tell(outcome);
    for (const delivery of parcel.deliveries) {
      if (isStored && outcome.conflicting === 0) delivery.message.ack();
      else await this.#settleAlone(delivery, isStored);
    }
  }

  async #settleAlone(delivery: Delivery, isTold: boolean): Promise<void> {
    const [outcome] = await this.#commit([parcelOf([delivery])]);
    if (outcome === undefined) return;
    if (outcome.kind === 'refused') {
      await this.#dead.bury(delivery.message, `${outcome.code}: ${outcome.message}`);
      return;
    }
    if (!isTold) this.#tell(outcome);
    if (outcome.conflicting > 0) await this.#dead.bury(delivery.message, 'another alert holds its seq');
    else delivery.message.ack();
  }

  /** Stores batches, again and again until the database takes them; empty where the writer is stopped meanwhile. */
  async #commit(parcels: readonly Parcel[]): Promise<readonly (StoredBatch | RefusedBatch)[]> {
    const { store, log } = this.#parts;
    const batches = parcels.map(({ batch }) => batch);
    if (batches.length === 0) return [];
    for (let pause = RETRY_MIN_MS; ; pause = Math.min(2 * pause, RETRY_MAX_MS)) {
      try {
        const outcomes = await store.storeBatches(batches);
        if (!outcomes.some(isUnknownAgent)) return outcomes;
        // The node that welcomed the agent died before it could write it down.
        await registerUnknown(
          store.db,
          batches.filter((_, at) => isUnknownAgent(outcomes[at])),
        );
      } catch (error) {
        log.error('alerts from the bus cannot be stored; it is tried again', {
          error: describeError(error),
          in_ms: pause,
        });
        for (const { deliveries } of parcels) for (const { message } of deliveries) message.working();
        await this.#rest(pause);
      }
      if (this.#stopping.signal.aborted) return [];
    }
  }

  #tell({ fresh, duplicates, conflicting }: StoredBatch): void {
    const { metrics, log, onStored, onCommit } = this.#parts;
    metrics.count('sealwatch_central_alerts_stored_total', fresh.length);
    metrics.count('sealwatch_central_alerts_duplicate_total', duplicates);
    metrics.count('sealwatch_central_alerts_conflicting_total', conflicting);
    for (const alert of fresh) {
      try {
        onStored(alert);
      } catch (error) {
        log.error('the listener for alerts failed', { alert: alert.id, error: describeError(error) });
      }
    }
    if (fresh.length > 0) onCommit();
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

function isUnknownAgent(outcome: StoredBatch | RefusedBatch | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.code === 'CENTRAL_AGENT_UNKNOWN';
}

function parcelOf(deliveries: readonly [Delivery, ...Delivery[]]): Parcel {
  const { agent, received } = deliveries[0].letter;
  const alerts = deliveries.map(({ letter }) => letter.alert);
  const settled = Math.max(...deliveries.map(({ letter }) => letter.settled));
  return { deliveries, batch: { agent, alerts, received, settled } };
}

/** Deliveries as batches: by agent and time of receipt, each in rising seq. */
function parcelsOf(deliveries: readonly Delivery[]): readonly Parcel[] {
  const groups = new Map<string, [Delivery, ...Delivery[]]>();
  for (const delivery of deliveries) {
    const key = `${delivery.letter.agent} ${delivery.letter.received}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [delivery]);
    else group.push(delivery);
  }
  return [...groups.values()].map((group) =>
    parcelOf(group.sort((one, other) => one.letter.alert.seq - other.letter.alert.seq)),
  );
}
