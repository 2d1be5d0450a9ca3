import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { HeaderSource } from '../../../guard/remote/authorised-fetch.ts';
import { openRemote, type RemoteOptions, type RemoteServer } from '../../../guard/remote/remote-server.ts';

export const NO_HEADERS: HeaderSource = { current: async () => new Map(), refuse: () => {} };

type Json = Readonly<Record<string, unknown>>;

/** A remote server through the guard's streams, as a client of lines sees it. */
export class FrontedServer implements AsyncDisposable {
  readonly remote: RemoteServer;
  /** Codes of what broke, in order. */
  readonly faults: string[] = [];
  /** Lines that came and were not asked for yet. */
  readonly #lines: AsyncIterator<string>;
  readonly #told: string[] = [];

  constructor(url: string, options: Partial<RemoteOptions> = {}) {
    this.remote = openRemote({
      url,
      transport: 'http',
      headers: NO_HEADERS,
      onFault: (fault) => {
        this.faults.push(fault.code);
        this.#told.push(`${fault.message} ${fault.hint ?? ''}`);
      },
      ...options,
    });
    // Who writes to a server that is gone is told so; a client does not mind.
    this.remote.input.on('error', () => {});
    this.#lines = createInterface({ input: this.remote.output })[Symbol.asyncIterator]();
  }

  /** All that was said of the faults. */
  get told(): string {
    return this.#told.join('\n');
  }

  async write(text: string): Promise<void> {
    const { input } = this.remote;
    input.write(`${text}\n`);
    if (input.writableNeedDrain) await once(input, 'drain');
  }

  async send(message: object): Promise<void> {
    await this.write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** The next line as text; null where no more comes. */
  async nextLine(): Promise<string | null> {
    const { value, done } = await this.#lines.next();
    return done === true ? null : value;
  }

  /** The next message; fails where no more comes. */
  async next(): Promise<Json> {
    const line = await this.nextLine();
    if (line === null) throw new Error(`the server ended: ${this.faults.join(', ')}`);
    return JSON.parse(line);
  }

  /** Asks, and gives the answer; what comes before it is dropped. */
  async ask(id: string | number, method: string, params: object = {}): Promise<Json> {
    await this.send({ id, method, params });
    for (;;) {
      const message = await this.next();
      if (message['id'] === id) return message;
    }
  }

  /** Begins a session, as every client does. */
  async initialize(): Promise<Json> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    };
    const answer = await this.ask('init', 'initialize', params);
    await this.send({ method: 'notifications/initialized' });
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remote.close();
  }
}

/** The code of the fault that an answer of the guard's own tells. */
export function faultIn(answer: Json): unknown {
  const { error } = answer as { readonly error?: { readonly data?: { readonly code?: unknown } } };
  return error?.data?.code;
}
