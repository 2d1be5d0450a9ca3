import { CentralError } from '../../errors.ts';
import { visible } from '../format/text.ts';
import type { FeedRecord } from '../record.ts';
import type { Delivery, Rejection, Sink } from '../sink.ts';
import { chunked, type Encoded, encodeAll } from './encoded.ts';
import type { HttpAnswer, HttpClient, HttpPost } from './http-client.ts';

/** Alerts in one request, where the receiver sets no limit of its own. */
export const MAX_REQUEST_ALERTS = 256;
/** Bytes of one request. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** Statuses that mean that what was sent will never be taken; all others but 2xx are tried again. */
const REFUSALS = new Set([400, 413, 422]);
/** Characters of an answer that go into errors and reasons. */
const MAX_QUOTE_CHARACTERS = 200;

/** What a receiver said to a request. */
export type Verdict =
  | { readonly kind: 'taken' }
  /** Something in it is refused for good, and it is not said what. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Told for each: the first `done` are taken, but for those refused by index; the others are to be sent again. */
  | {
      readonly kind: 'sorted';
      readonly done: number;
      readonly refused: ReadonlyMap<number, string>;
      readonly reason: string;
    };

/** How one kind of receiver speaks over HTTP. */
export interface HttpDialect {
  /** Alerts in one request at most. */
  readonly maxAlerts: number;
  /** A record in the receiver's format, as it goes into the request's body. */
  encode(record: FeedRecord): string;
  request(items: readonly Encoded[]): Promise<HttpPost>;
  /** Reads the answer. @throws {CentralError} where the request is to be tried again */
  judge(answer: HttpAnswer, items: readonly Encoded[]): Verdict;
}

/** What a receiver said, in few and harmless words. */
export function inShort(text: string): string {
  return visible(text.slice(0, MAX_QUOTE_CHARACTERS));
}

/** An answer in few and harmless words. */
export function quoted(answer: HttpAnswer): string {
  const text = inShort(answer.body);
  return `HTTP ${answer.status}${text === '' ? '' : `: ${text}`}`;
}

/** The error of an answer that is to be tried again. */
export function unwilling(answer: HttpAnswer): CentralError {
  const hint =
    answer.status === 401 || answer.status === 403
      ? { hint: 'look at the secret that the feed shows' }
      : answer.status >= 300 && answer.status < 400
        ? { hint: 'redirects are not followed; name the address itself' }
        : {};
  return new CentralError('CENTRAL_FEED_REFUSED', `the receiver answered ${quoted(answer)}`, hint);
}

/** The verdict by the status alone. @throws {CentralError} where the request is to be tried again */
export function judgeStatus(answer: HttpAnswer): Verdict {
  if (answer.status >= 200 && answer.status < 300) return { kind: 'taken' };
  if (REFUSALS.has(answer.status)) return { kind: 'refused', reason: quoted(answer) };
  throw unwilling(answer);
}

/** Parses an answer's body. @throws {CentralError} CENTRAL_FEED_ANSWER_INVALID */
export function parseBody<T>(
  answer: HttpAnswer,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T {
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CentralError('CENTRAL_FEED_ANSWER_INVALID', `the receiver answered ${quoted(answer)}`);
}

/** Progress of one delivery. */
interface Tally {
  sent: number;
  readonly rejected: Rejection[];
}

/** Sends records over HTTP. What is refused for good is found by halving the request, and the rest goes on. */
export class HttpSink implements Sink {
  readonly #client: HttpClient;
  readonly #dialect: HttpDialect;

  constructor(client: HttpClient, dialect: HttpDialect) {
    this.#client = client;
    this.#dialect = dialect;
  }

  async deliver(records: readonly FeedRecord[], signal: AbortSignal): Promise<Delivery> {
    const { encoded, rejected } = encodeAll(records, (record) => this.#dialect.encode(record));
    const tally: Tally = { sent: 0, rejected: [] };
    const waiting = [...chunked(encoded, this.#dialect.maxAlerts, MAX_REQUEST_BYTES)];
    try {
      for (let items = waiting.shift(); items !== undefined; items = waiting.shift()) {
        waiting.unshift(...(await this.#send(items, tally, signal)));
      }
      tally.sent = records.at(-1)?.position ?? 0;
    } catch (error) {
      // What went through counts; the rest meets the same fault at the next attempt.
      if (tally.sent === 0) throw error;
    }
    const early = rejected.filter(({ record }) => record.position <= tally.sent);
    return { sent: tally.sent, confirmed: tally.sent, rejected: [...early, ...tally.rejected] };
  }

  /** Sends one request. Answers what must be sent again. */
  async #send(items: readonly Encoded[], tally: Tally, signal: AbortSignal): Promise<readonly Encoded[][]> {
    const answer = await this.#client.post(await this.#dialect.request(items), signal);
    const verdict = this.#dialect.judge(answer, items);
    switch (verdict.kind) {
      case 'taken':
        tally.sent = items.at(-1)?.record.position ?? tally.sent;
        return [];
      case 'refused':
        return isolate(items, verdict.reason, tally);
      case 'sorted': {
        for (const [index, { record }] of items.slice(0, verdict.done).entries()) {
          const reason = verdict.refused.get(index);
          if (reason !== undefined) tally.rejected.push({ record, reason });
          tally.sent = record.position;
        }
        if (verdict.done < items.length) {
          throw new CentralError('CENTRAL_FEED_REFUSED', `the receiver has no room: ${verdict.reason}`);
        }
        return [];
      }
    }
  }

  reset(): void {
    this.#client.close();
  }

  async close(): Promise<void> {
    this.#client.close();
  }
}

/** Rejects what was refused alone; otherwise answers the halves. */
function isolate(items: readonly Encoded[], reason: string, tally: Tally): readonly Encoded[][] {
  const [only, ...others] = items;
  if (only === undefined) return [];
  if (others.length === 0) {
    tally.rejected.push({ record: only.record, reason });
    tally.sent = only.record.position;
    return [];
  }
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
