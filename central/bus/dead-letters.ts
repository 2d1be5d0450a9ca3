import type { JsMsg } from '@nats-io/jetstream';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { BusConnection } from './connection.ts';
import type { BusSettings } from './settings.ts';
import { deadStreamOf, deadSubjectOf } from './streams.ts';

const REASON_HEADER = 'Sealwatch-Reason';
/** Characters of a reason. */
const MAX_REASON_CHARACTERS = 300;
/** Milliseconds after which a message comes again that could not be put aside. */
const AGAIN_MS = 5_000;
/** Milliseconds that NATS may be waited for. */
const WAIT_MS = 5_000;

interface DeadLettersParts {
  readonly connection: BusConnection;
  readonly settings: BusSettings;
  readonly metrics: Metrics;
  readonly log: CentralLog;
}

/** Where messages go that can never be stored: a stream of their own, with the reason. */
export class DeadLetters {
  readonly #parts: DeadLettersParts;

  constructor(parts: DeadLettersParts) {
    this.#parts = parts;
  }

  /** Copies a message to the dead letters, then takes it off the stream. Where that fails it comes again. */
  async bury(message: JsMsg, reason: string): Promise<void> {
    const { connection, settings, metrics, log } = this.#parts;
    const { subject, seq } = message;
    try {
      const { stream, newHeaders } = await connection.up(WAIT_MS);
      const headers = newHeaders();
      for (const [name, values] of message.headers ?? []) {
        if (!name.startsWith('Nats-')) for (const value of values) headers.append(name, value);
      }
      headers.set(REASON_HEADER, printable(reason));
      await stream.publish(deadSubjectOf(subject), message.data, {
        headers,
        // The same message is buried once, however often it comes.
        msgID: `${settings.stream}:${seq}`,
        expect: { streamName: deadStreamOf(settings) },
      });
    } catch (error) {
      log.error('a message that cannot be stored could not be put aside', {
        subject,
        reason,
        error: describeError(error),
      });
      message.nak(AGAIN_MS);
      return;
    }
    message.term();
    metrics.count('sealwatch_central_bus_dead_total');
    log.error('a message can never be stored; it is among the dead letters', { subject, reason });
  }
}

/** A header is one line. */
function printable(reason: string): string {
  return reason.replaceAll(/[^ -~]/g, '?').slice(0, MAX_REASON_CHARACTERS);
}
