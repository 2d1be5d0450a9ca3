import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { CentralError } from '../../errors.ts';
import { describeError } from '../../log.ts';
import { toJson } from '../format/json.ts';
import type { FeedRecord } from '../record.ts';
import { readSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Delivery, Rejection, Sink } from '../sink.ts';
import { type Encoded, encodeAll } from './encoded.ts';
import { tlsMaterial } from './tls.ts';

/** Bytes of a message beside its payload: subject, reply subject, headers. */
const ENVELOPE_BYTES = 4 * 1024;
/** `err_code` of JetStream: the message is larger than the stream takes. */
const MESSAGE_TOO_LARGE = 10_054;
/** Characters of an alert's id in a header. */
const MAX_ID_CHARACTERS = 512;

type NatsSettings = SettingsOf<'nats'>;

interface Link {
  readonly connection: NatsConnection;
  /** Null where messages are published without a stream. */
  readonly stream: JetStreamClient | null;
  readonly headersOf: (id: string) => ReturnType<typeof import('@nats-io/transport-node').headers>;
}

/** A message id within what a header can hold. */
function messageId(alertId: string): string {
  return alertId.replaceAll(/[^!-~]/g, '_').slice(0, MAX_ID_CHARACTERS);
}

/**
 * Messages to NATS. With JetStream each is acknowledged by its stream, which drops repeats of a message id within its
 * duplicate window; without, they count as delivered when the server has read them.
 */
export class NatsSink implements Sink {
  readonly #settings: NatsSettings;
  #link: Link | null = null;
  /** What the server complained about since the last delivery. */
  #complaint: Error | null = null;

  constructor(settings: NatsSettings) {
    this.#settings = settings;
  }

  async deliver(records: readonly FeedRecord[], signal: AbortSignal): Promise<Delivery> {
    const { encoded, rejected } = encodeAll(records, (record) =>
      JSON.stringify(toJson(record, this.#settings.format)),
    );
    const abandon = () => this.reset();
    signal.addEventListener('abort', abandon);
    try {
      this.#link ??= await this.#connect();
      const { connection, stream } = this.#link;
      const most = (connection.info?.max_payload ?? Number.MAX_SAFE_INTEGER) - ENVELOPE_BYTES;
      const fitting = encoded.filter(({ text }) => Buffer.byteLength(text) <= most);
      const large = encoded.filter((item) => !fitting.includes(item));
      const early = [
        ...rejected,
        ...large.map(({ record }) => ({ record, reason: `is over ${most} bytes` })),
      ];
      const end = records.at(-1)?.position ?? 0;
      return stream === null
        ? await this.#publish(fitting, end, early, this.#link)
        : await this.#publishToStream(fitting, end, early, { ...this.#link, stream });
    } catch (error) {
      if (error instanceof CentralError) throw error;
      throw new CentralError('CENTRAL_FEED_UNREACHABLE', `NATS: ${describeError(error)}`, { cause: error });
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  async #publish(
    items: readonly Encoded[],
    end: number,
    rejected: readonly Rejection[],
    { connection, headersOf }: Link,
  ): Promise<Delivery> {
    this.#complaint = null;
    for (const { record, text } of items) {
      connection.publish(this.#settings.subject, text, { headers: headersOf(record.alert.id) });
    }
    await this.#limited(connection.flush());
    // A complaint came before the answer to the flush; it is told in a later turn.
    await nextTurn();
    const complaint: Error | null = this.#complaint;
    if (complaint !== null) throw complaint;
    return { sent: end, confirmed: end, rejected };
  }

  async #publishToStream(
    items: readonly Encoded[],
    end: number,
    rejected: readonly Rejection[],
    { stream, headersOf }: Link & { readonly stream: JetStreamClient },
  ): Promise<Delivery> {
    const timeout = this.#settings.timeout_seconds * 1_000;
    const results = await Promise.allSettled(
      items.map(({ record, text }) =>
        stream.publish(this.#settings.subject, text, { headers: headersOf(record.alert.id), timeout }),
      ),
    );
    const refused: Rejection[] = [];
    let sent = 0;
    for (const [index, { record }] of items.entries()) {
      const result = results[index];
      if (result?.status === 'rejected') {
        if (Reflect.get(Object(result.reason), 'code') !== MESSAGE_TOO_LARGE) {
          if (sent === 0) throw result.reason;
          const early = rejected.filter((rejection) => rejection.record.position <= sent);
          return { sent, confirmed: sent, rejected: [...early, ...refused] };
        }
        refused.push({ record, reason: describeError(result.reason) });
      }
      sent = record.position;
    }
    return { sent: end, confirmed: end, rejected: [...rejected, ...refused] };
  }

  async #limited(task: Promise<void>): Promise<void> {
    const seconds = this.#settings.timeout_seconds;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new CentralError('CENTRAL_FEED_TIMEOUT', `NATS did not answer within ${seconds} s`);
      timer = setTimeout(() => reject(error), seconds * 1_000);
    });
    try {
      await Promise.race([task, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<Link> {
    // Loaded here, so that a central without such a feed does without the packages.
    const nats = await import('@nats-io/transport-node');
    const connection = await nats.connect(await this.#options(nats));
    void this.#watch(connection);
    const stream = this.#settings.jetstream
      ? (await import('@nats-io/jetstream')).jetstream(connection)
      : null;
    const headersOf = (id: string) => {
      const headers = nats.headers();
      headers.set('Nats-Msg-Id', messageId(id));
      return headers;
    };
    return { connection, stream, headersOf };
  }

  async #options(nats: typeof import('@nats-io/transport-node')): Promise<NodeConnectionOptions> {
    const { servers, tls, creds_file, token_file, timeout_seconds } = this.#settings;
    const isTls = tls !== null || servers.some((server) => server.startsWith('tls:'));
    const authenticators = [
      ...(creds_file === undefined
        ? []
        : [nats.credsAuthenticator(Buffer.from(await readSecret(creds_file)))]),
      ...(token_file === undefined ? [] : [nats.tokenAuthenticator(await readSecret(token_file))]),
    ];
    return {
      servers: [...servers],
      name: 'sealwatch',
      // The runner connects anew and hands over again what was not acknowledged.
      reconnect: false,
      timeout: timeout_seconds * 1_000,
      ...(authenticators.length === 0 ? {} : { authenticator: authenticators }),
      // With this set the client refuses a server without TLS before it shows a secret.
      ...(isTls
        ? { tls: { ...(await tlsMaterial(tls ?? {})) } as NonNullable<NodeConnectionOptions['tls']> }
        : {}),
    };
  }

  /** Notes complaints, and drops a connection that ended. */
  async #watch(connection: NatsConnection): Promise<void> {
    const closed = connection.closed();
    void closed.then(() => {
      if (this.#link?.connection === connection) this.#link = null;
    });
    for await (const status of connection.status()) {
      if (status.type === 'error') this.#complaint = status.error;
    }
  }

  reset(): void {
    const link = this.#link;
    this.#link = null;
    void link?.connection.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    await link?.connection.close().catch(() => undefined);
  }
}
