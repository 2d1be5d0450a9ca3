import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** One request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The message in it; empty where there is none. */
  readonly message: Readonly<Record<string, unknown>>;
}

type Handler = (asked: Asked, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as a test says. */
export class ScriptedServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #port = 0;

  private constructor(handler: Handler) {
    this.#server = createServer(async (request, response) => {
      const asked = await readAsked(request);
      this.asked.push(asked);
      await handler(asked, response);
    });
  }

  static async start(handler: Handler): Promise<ScriptedServer> {
    const server = new ScriptedServer(handler);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    const address = server.#server.address();
    if (address !== null && typeof address === 'object') server.#port = address.port;
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  /** Messages that came with this method. */
  sent(method: string): readonly Asked[] {
    return this.asked.filter(({ message }) => message['method'] === method);
  }

  /** Cuts all connections. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
  }
}

/** A handler that begins sessions and leaves every other request to `handler`. */
export function session(handler: Handler): Handler {
  return (asked, response) => {
    const { method, message } = asked;
    if (message['method'] === 'initialize') return answerInitialize(asked, response);
    if (method === 'DELETE') return void response.writeHead(200).end();
    if (method === 'POST' && typeof message['method'] === 'string' && message['id'] === undefined)
      return void response.writeHead(202).end();
    return handler(asked, response);
  };
}

/** Answers a request with a text, as JSON unless told otherwise. */
export function reply(response: ServerResponse, body: string, type = 'application/json'): void {
  response.writeHead(200, { 'content-type': type }).end(body);
}

/** The answer to a request, as text. */
export function resultOf({ message }: Asked, result: object = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id: message['id'], result });
}

/** Begins a stream of events. */
export function beginEvents(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return response;
}

function answerInitialize({ message }: Asked, response: ServerResponse): void {
  const result = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'scripted', version: '1' },
  };
  response
    .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'session-1' })
    .end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }));
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const { method = '', url: path = '', headers } = request;
  let message: Asked['message'] = {};
  try {
    message = JSON.parse(text);
  } catch {
    // No message in it.
  }
  return { method, path, headers, text, message };
}
