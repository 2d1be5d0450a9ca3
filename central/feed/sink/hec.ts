import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { CentralError } from '../../errors.ts';
import { toHecEvent } from '../format/hec.ts';
import { InFlight } from '../in-flight.ts';
import type { FeedRecord } from '../record.ts';
import { readHeaderSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Delivery, Sink } from '../sink.ts';
import type { Encoded } from './encoded.ts';
import { type HttpAnswer, HttpClient, type HttpPost } from './http-client.ts';
import {
  type HttpDialect,
  HttpSink,
  judgeStatus,
  MAX_REQUEST_ALERTS,
  parseBody,
  quoted,
  unwilling,
  type Verdict,
} from './http-sink.ts';

/**
 * Codes of a 400 that speak of an event: no data, invalid format, event field missing or blank, bad indexed fields
 * ("HTTP Event Collector REST API endpoints", possible error codes). The others, such as a wrong index, an operator
 * can mend.
 */
const EVENT_FAULTS = new Set([5, 6, 12, 13, 15]);

const answerSchema = z.object({ code: z.number(), ackId: z.number().optional() });
const acksSchema = z.object({ acks: z.record(z.string(), z.boolean()) });

/** A request that indexers have not acknowledged. */
interface Unacknowledged {
  readonly ackId: number;
  /** Milliseconds of the monotonic clock. */
  readonly sentAt: number;
}

type HecSettings = SettingsOf<'hec'>;

function judgeHec(answer: HttpAnswer): Verdict {
  if (answer.status !== 400) return judgeStatus(answer);
  const { code } = parseBody(answer, answerSchema);
  if (EVENT_FAULTS.has(code)) return { kind: 'refused', reason: quoted(answer) };
  throw unwilling(answer);
}

/** Events for Splunk's HTTP Event Collector, with or without the acknowledgement of its indexers. */
export class HecSink implements Sink {
  readonly #settings: HecSettings;
  readonly #client: HttpClient;
  readonly #events: HttpSink;
  readonly #inFlight = new InFlight<Unacknowledged>();
  /** Acknowledgements are numbered within a channel; a new one forgets the numbers of before. */
  #channel = randomUUID();

  constructor(settings: HecSettings) {
    this.#settings = settings;
    this.#client = new HttpClient(settings);
    this.#events = new HttpSink(this.#client, this.#dialect());
  }

  async deliver(records: readonly FeedRecord[], signal: AbortSignal): Promise<Delivery> {
    const delivery = await this.#events.deliver(records, signal);
    if (!this.#settings.acknowledge) return delivery;
    this.#inFlight.passed(delivery.sent);
    return { ...delivery, confirmed: this.#inFlight.confirmed };
  }

  async confirm(signal: AbortSignal): Promise<number> {
    const waiting = this.#inFlight.tokens;
    if (waiting.length > 0) {
      const answer = await this.#client.post(
        {
          path: '/services/collector/ack',
          headers: await this.#headers(),
          body: JSON.stringify({ acks: waiting.map(({ ackId }) => ackId) }),
        },
        signal,
      );
      if (answer.status !== 200) throw unwilling(answer);
      const { acks } = parseBody(answer, acksSchema);
      this.#inFlight.settle(({ ackId }) => acks[ackId] === true);
      this.#checkAge();
    }
    return this.#inFlight.confirmed;
  }

  #checkAge(): void {
    const [oldest] = this.#inFlight.tokens;
    const seconds = this.#settings.acknowledge_seconds;
    if (oldest === undefined || performance.now() - oldest.sentAt < seconds * 1_000) return;
    throw new CentralError('CENTRAL_FEED_TIMEOUT', `events were not acknowledged within ${seconds} s`);
  }

  async #headers(): Promise<Readonly<Record<string, string>>> {
    const token = await readHeaderSecret(this.#settings.token_file);
    return {
      authorization: `Splunk ${token}`,
      'content-type': 'application/json',
      'x-splunk-request-channel': this.#channel,
    };
  }

  #dialect(): HttpDialect {
    const { source, sourcetype, index, format, acknowledge } = this.#settings;
    return {
      maxAlerts: MAX_REQUEST_ALERTS,
      encode: (record) => toHecEvent(record, { source, sourcetype, index, format }),
      request: async (items): Promise<HttpPost> => ({
        path: '/services/collector/event',
        headers: await this.#headers(),
        body: items.map(({ text }) => text).join('\n'),
      }),
      judge: (answer, items) => {
        const verdict = judgeHec(answer);
        if (acknowledge && verdict.kind === 'taken') this.#await(answer, items);
        return verdict;
      },
    };
  }

  #await(answer: HttpAnswer, items: readonly Encoded[]): void {
    const { ackId } = parseBody(answer, answerSchema);
    if (ackId === undefined) {
      throw new CentralError('CENTRAL_FEED_ANSWER_INVALID', 'the collector gives no ackId', {
        hint: 'switch acknowledgement on for the token, or off for the feed',
      });
    }
    this.#inFlight.add(items.at(-1)?.record.position ?? 0, { ackId, sentAt: performance.now() });
  }

  reset(): void {
    this.#inFlight.clear();
    this.#channel = randomUUID();
    this.#events.reset();
  }

  async close(): Promise<void> {
    await this.#events.close();
  }
}
