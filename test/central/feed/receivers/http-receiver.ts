import { readFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { TestContext } from 'node:test';
import type { Certificates } from '../bench.ts';

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is answered: a status with a body, no answer at all, or a cut connection. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly location?: string }
  | 'hang'
  | 'reset';

/** An HTTP server of one test; `reply` decides each answer. */
export class HttpReceiver {
  readonly requests: Received[] = [];
  readonly url: string;
  reply: (request: Received) => Reply;

  constructor(url: string, reply: (request: Received) => Reply) {
    this.url = url;
    this.reply = reply;
  }

  static async start(
    context: TestContext,
    tls: Certificates | null,
    reply: (request: Received) => Reply,
  ): Promise<HttpReceiver> {
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const { url = '', headers } = request;
        receiver.#answer({ path: url, headers, body: Buffer.concat(chunks).toString() }, request, response);
      });
    };
    const server =
      tls === null
        ? createPlain(handle)
        : createTls({ cert: readFileSync(tls.serverCert), key: readFileSync(tls.serverKey) }, handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const receiver = new HttpReceiver(`${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`, reply);
    return receiver;
  }

  #answer(received: Received, request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(received);
    const reply = this.reply(received);
    if (reply === 'hang') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status, body, location } = reply;
    const headers = { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) };
    response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
  }
}
