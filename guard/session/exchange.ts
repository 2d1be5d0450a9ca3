import { randomBytes } from 'node:crypto';
import type { LineSink } from './line-sink.ts';
import type { Message, RequestId } from './message.ts';

/** Requests of the client that are remembered until they are answered; the oldest is forgotten first. */
const MAX_REMEMBERED = 10_000;
/** Milliseconds that an answer to a request of the guard's own is waited for. */
const OWN_TIMEOUT_MS = 10_000;
/** Bytes of an id that are remembered. */
const MAX_ID_LENGTH = 1_024;

type Response = Extract<Message, { kind: 'response' }>;

/** A request of the client whose answer the guard looks at. */
export interface Remembered {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What is under way between client and server, and the requests that the guard makes of either. */
export class Exchange {
  readonly #prefix = `sealwatch-${randomBytes(6).toString('hex')}-`;
  readonly #remembered = new Map<string, Remembered>();
  readonly #own = new Map<string, (answer: Response | null) => void>();
  readonly #onWatch: (watches: boolean) => void;
  #told = false;
  #next = 0;
  /** What the client said that it can do (MCP 2025-11-25, ClientCapabilities). */
  clientCapabilities: Readonly<Record<string, unknown>> = {};
  /** What the server said that it can do; null before it answered `initialize`. */
  serverCapabilities: Readonly<Record<string, unknown>> | null = null;

  /** `onWatch` is told of `watches` whenever it changes, before anything is sent that changed it. */
  constructor(onWatch: (watches: boolean) => void = () => {}) {
    this.#onWatch = onWatch;
  }

  /** Whether any answer of the server has to be looked at. */
  get watches(): boolean {
    return this.#remembered.size > 0 || this.#own.size > 0;
  }

  remember(id: RequestId, request: Remembered): void {
    const key = keyOf(id);
    if (key === null) return;
    this.#remembered.set(key, request);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    this.#tellWatch();
  }

  /** The request that an answer belongs to, which is then over; null where it is none that was remembered. */
  answered(id: RequestId | null): Remembered | null {
    const key = id === null ? null : keyOf(id);
    const request = key === null ? undefined : this.#remembered.get(key);
    if (key === null || request === undefined) return null;
    this.#remembered.delete(key);
    this.#tellWatch();
    return request;
  }

  /** Asks one side something; null where it does not answer in time. */
  ask(sink: LineSink, method: string, params: object, timeoutMs = OWN_TIMEOUT_MS): Promise<Response | null> {
    const id = `${this.#prefix}${this.#next}`;
    this.#next += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, null), timeoutMs);
      timer.unref();
      this.#own.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#tellWatch();
      sink.insert(Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`));
    });
  }

  /** Takes an answer to a request of the guard's own; false where it is somebody else's. */
  takeOwn(response: Response): boolean {
    const { id } = response;
    if (typeof id !== 'string' || !id.startsWith(this.#prefix)) return false;
    this.#settle(id, response);
    return true;
  }

  /** Nobody answers any more. */
  close(): void {
    for (const id of [...this.#own.keys()]) this.#settle(id, null);
  }

  #settle(id: string, answer: Response | null): void {
    const resolve = this.#own.get(id);
    this.#own.delete(id);
    this.#tellWatch();
    resolve?.(answer);
  }

  #tellWatch(): void {
    const { watches } = this;
    if (watches === this.#told) return;
    this.#told = watches;
    this.#onWatch(watches);
  }
}

function keyOf(id: RequestId): string | null {
  const key = JSON.stringify(id);
  return key.length > MAX_ID_LENGTH ? null : key;
}
