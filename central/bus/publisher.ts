import { setTimeout } from 'node:timers/promises';
import type { Alert } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { isAlertId } from '../store/batches.ts';
import type { BusConnection, BusLink } from './connection.ts';
import { type Envelope, encodeAlert, messageId, settledOf, writeHeaders } from './message.ts';
import type { BusSettings } from './settings.ts';
import type { AlertSink } from './sink.ts';
import { Slots } from './slots.ts';
import { codeOf, subjectOf } from './streams.ts';

/** Alerts that wait for NATS's answer at once, of all agents. */
const MAX_IN_FLIGHT = 4_096;
/** Milliseconds between two attempts of the same alert. */
const RETRY_MS = 200;
/** Milliseconds that NATS may take to say what it holds of an agent. */
const SETTLED_MS = 2_000;
/** Agents of which it is remembered what was acknowledged: the last ones. */
const REMEMBERED_AGENTS = 100_000;
/** JetStream error (server/errors.json): the message could not be stored; here that the stream is full. */
const STORE_FAILED = 10077;

interface PublisherParts {
  readonly connection: BusConnection;
  readonly settings: BusSettings;
  readonly metrics: Metrics;
  /** Name of this node. */
  readonly node: string;
}

/** Makes alerts durable in the stream: acknowledged there, by as many servers as hold it, before the agent hears so. */
export class BusPublisher implements AlertSink {
  readonly #parts: PublisherParts;
  readonly #slots = new Slots(MAX_IN_FLIGHT);
  readonly #remembered = new Map<string, number>();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /**
   * Publishes a batch. Its last alert goes alone, once the others are durable: so the newest message of an agent says
   * up to where nothing is missing, also where a node died in the middle of a batch.
   * @throws {CentralError} CENTRAL_ALERT_ID_INVALID, CENTRAL_BUS_FULL, CENTRAL_BUS_UNREACHABLE
   */
  async store(agent: string, alerts: readonly Alert[], received: string): Promise<number> {
    const [first, last] = [alerts[0], alerts.at(-1)];
    if (first === undefined || last === undefined) throw new TypeError('a batch has at least one alert');
    if (!alerts.every(({ id }) => isAlertId(id))) {
      throw new CentralError(
        'CENTRAL_ALERT_ID_INVALID',
        'the id of an alert is not printable ASCII or too long',
      );
    }
    const { node, settings, metrics } = this.#parts;
    const deadline = performance.now() + settings.publish_wait_ms;
    try {
      const before = { received, node, settled: first.seq - 1 };
      await this.#publishAll(agent, alerts.slice(0, -1), before, deadline);
      await this.#publishAll(agent, [last], { received, node, settled: last.seq }, deadline);
    } catch (error) {
      const isFull = error instanceof CentralError && error.code === 'CENTRAL_BUS_FULL';
      metrics.count('sealwatch_central_bus_refused_total', alerts.length, isFull ? 'full' : 'unreachable');
      throw error;
    }
    this.#remember(agent, last.seq);
    return last.seq;
  }

  /**
   * Highest seq that the bus, or this node, knows to be durable for an agent; 0 where neither knows.
   * @throws where NATS does not answer and this node knows nothing
   */
  async settled(agent: string): Promise<number> {
    const remembered = this.#remembered.get(agent);
    try {
      const { manager } = await this.#parts.connection.up(SETTLED_MS);
      const message = await manager.streams.getMessage(this.#parts.settings.stream, {
        last_by_subj: subjectOf(agent),
      });
      return Math.max(remembered ?? 0, settledOf(message?.header));
    } catch (error) {
      if (remembered === undefined) throw error;
      return remembered;
    }
  }

  async #publishAll(
    agent: string,
    alerts: readonly Alert[],
    envelope: Envelope,
    deadline: number,
  ): Promise<void> {
    const results = await Promise.allSettled(
      alerts.map((alert) => this.#slots.within(() => this.#publish(agent, alert, envelope, deadline))),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** One alert, tried again until it is durable or its time is over. */
  async #publish(agent: string, alert: Alert, envelope: Envelope, deadline: number): Promise<void> {
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) throw new CentralError('CENTRAL_BUS_UNREACHABLE', 'NATS does not answer in time');
      // Without this the client would keep what it cannot send, without a bound.
      const link = await this.#parts.connection.up(left);
      try {
        if (await this.#isTaken(link, agent, alert, envelope, left)) return;
      } catch (cause) {
        if (codeOf(cause) === STORE_FAILED) {
          throw new CentralError('CENTRAL_BUS_FULL', 'the stream of alerts is full', { cause });
        }
      }
      await setTimeout(RETRY_MS);
    }
  }

  async #isTaken(
    link: BusLink,
    agent: string,
    alert: Alert,
    envelope: Envelope,
    timeout: number,
  ): Promise<boolean> {
    const answer = await link.stream.publish(subjectOf(agent), encodeAlert(alert), {
      timeout: Math.ceil(timeout),
      headers: writeHeaders(link.newHeaders(), agent, alert.seq, envelope),
      msgID: messageId(agent, alert.seq),
    });
    // A repeated message without a place is still on its way to the other servers: it may yet be lost.
    if (answer.duplicate && answer.seq === 0) return false;
    const name = answer.duplicate
      ? 'sealwatch_central_bus_duplicate_total'
      : 'sealwatch_central_bus_published_total';
    this.#parts.metrics.count(name);
    return true;
  }

  #remember(agent: string, seq: number): void {
    const known = this.#remembered.get(agent) ?? 0;
    this.#remembered.delete(agent);
    this.#remembered.set(agent, Math.max(known, seq));
    const oldest =
      this.#remembered.size > REMEMBERED_AGENTS ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}
