import type { TestContext } from 'node:test';
import type { Certificates } from '../bench.ts';
import { HttpReceiver, type Received, type Reply } from './http-receiver.ts';

export const HEC_TOKEN = '11111111-2222-3333-4444-555555555555';

/** Speaks Splunk's HEC: token, channel, events in one body, acknowledgement by polling. */
export class HecReceiver {
  /** Alert ids of what was indexed, in order, repeats included. */
  readonly indexed: string[] = [];
  /** Faults that are used up one a request, before it is looked at. */
  readonly faults: Reply[] = [];
  /** Ids of alerts that are refused as invalid data. */
  readonly poison = new Set<string>();
  /** Whether the index that events name is there. */
  hasIndex = true;
  /** Whether indexers acknowledge. */
  acknowledges = true;
  readonly http: HttpReceiver;
  readonly #ackIds = new Map<string, number>();

  constructor(http: HttpReceiver) {
    this.http = http;
  }

  static async start(context: TestContext, tls: Certificates): Promise<HecReceiver> {
    const http = await HttpReceiver.start(context, tls, (request) => receiver.#reply(request));
    const receiver = new HecReceiver(http);
    return receiver;
  }

  #reply(request: Received): Reply {
    const fault = this.faults.shift();
    if (fault !== undefined) return fault;
    if (request.headers.authorization !== `Splunk ${HEC_TOKEN}`) {
      return { status: 403, body: { text: 'Invalid token', code: 4 } };
    }
    const channel = String(request.headers['x-splunk-request-channel'] ?? '');
    if (channel === '') return { status: 400, body: { text: 'Data channel is missing', code: 10 } };
    if (request.path === '/services/collector/ack') return this.#acks(channel, request.body);
    if (request.path !== '/services/collector/event') return { status: 404, body: {} };
    return this.#index(channel, request.body);
  }

  #index(channel: string, body: string): Reply {
    if (!this.hasIndex) return { status: 400, body: { text: 'Incorrect index', code: 7 } };
    const events = body.split('\n').map((line) => JSON.parse(line));
    const bad = events.findIndex(
      (event) =>
        typeof event.time !== 'number' || event.event === undefined || this.poison.has(event.fields.alert_id),
    );
    if (bad >= 0) {
      return { status: 400, body: { text: 'Invalid data format', code: 6, 'invalid-event-number': bad } };
    }
    this.indexed.push(...events.map((event) => event.fields.alert_id));
    const ackId = this.#ackIds.get(channel) ?? 0;
    this.#ackIds.set(channel, ackId + 1);
    return { status: 200, body: { text: 'Success', code: 0, ackId } };
  }

  #acks(channel: string, body: string): Reply {
    const { acks } = JSON.parse(body);
    const known = this.#ackIds.get(channel) ?? 0;
    const told = acks.map((id: number) => [id, this.acknowledges && id < known]);
    return { status: 200, body: { acks: Object.fromEntries(told) } };
  }
}
