import type { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { GuardError } from '../errors.ts';
import { EventReader, type ServerEvent } from './event-reader.ts';
import type { Link, LinkOptions } from './link.ts';
import type { Outgoing } from './outgoing.ts';
import { isRedirect, mediaTypeOf, post, redirectOf, taken, wrongType } from './posted.ts';
import { faultOf, StatusFault } from './remote-fault.ts';
import { readEvents } from './response-body.ts';
import { Tickets } from './ticket.ts';

/** A url, as the server names it. */
const ENDPOINT = /^[\x21-\x7e]{1,8192}$/;

/**
 * Opens the way of MCP 2024-11-05 ("HTTP with SSE"): one stream over which everything comes, and an address named in it
 * to which everything is sent.
 * @throws {GuardError} where no such stream opens
 */
export async function openEventSourceLink(options: LinkOptions): Promise<Link> {
  const { SSEClientTransport: Transport } = await import('@modelcontextprotocol/sdk/client/sse.js');
  const link = new EventSourceLink(options, (fetch) => new Transport(options.url, { fetch }));
  await link.start();
  return link;
}

/** The SDK's transport finds the address and makes the requests; the stream is read here, with limits and as it came. */
class EventSourceLink implements Link {
  readonly #options: LinkOptions;
  readonly #transport: SSEClientTransport;
  readonly #tickets = new Tickets();
  readonly #closing = new AbortController();
  readonly #broken: Promise<GuardError>;
  #break: (fault: GuardError) => void = () => {};

  constructor(options: LinkOptions, create: (fetch: FetchLike) => SSEClientTransport) {
    this.#options = options;
    this.#transport = create((url, init) =>
      init?.method === 'POST' ? this.#post(url, init) : this.#get(url, init),
    );
    this.#broken = new Promise((resolve) => {
      this.#break = resolve;
    });
  }

  async start(): Promise<void> {
    const { acceptMs } = this.#options.limits;
    const timeout = setTimeout(() => {
      this.#break(
        new GuardError('GUARD_REMOTE_TIMEOUT', `the server named no address in ${acceptMs / 1000} s`),
      );
    }, acceptMs);
    const opened = this.#transport.start().then(() => null, faultOf);
    const fault = await Promise.race([this.#broken, opened]);
    clearTimeout(timeout);
    if (fault !== null) {
      await this.close();
      throw fault;
    }
    void this.#broken.then((why) => this.#options.host.over(why));
  }

  async send(outgoing: Outgoing): Promise<void> {
    await this.#tickets.carry(outgoing, (ticket) => this.#transport.send(ticket));
  }

  setProtocolVersion(version: string): void {
    this.#transport.setProtocolVersion(version);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#transport.close().catch(() => {});
  }

  async #post(url: string | URL, init: RequestInit): Promise<Response> {
    const response = await post(url, init, this.#tickets.redeem(init.body), this.#options);
    if (isRedirect(response)) return redirectOf(response);
    await response.body?.cancel();
    return taken(response);
  }

  async #get(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    const { http, limits } = this.#options;
    try {
      const response = await http.request(url, {
        method: 'GET',
        headers: init?.headers ?? {},
        signals: [init?.signal, this.#closing.signal],
        beginMs: limits.acceptMs,
      });
      if (isRedirect(response)) return await redirectOf(response);
      if (response.ok && mediaTypeOf(response) === 'text/event-stream') return this.#streamOf(response);
      await response.body?.cancel();
      throw response.ok ? wrongType(response) : new StatusFault(response.status);
    } catch (error) {
      this.#break(faultOf(error));
      throw error;
    }
  }

  /** What the transport sees of the stream: the address, and no end, after which it would begin a new session. */
  #streamOf(response: Response): Response {
    const seen = new ReadableStream<Uint8Array>({
      start: (controller) => {
        void this.#follow(response, (address) =>
          controller.enqueue(Buffer.from(`event: endpoint\ndata: ${address}\n\n`)),
        );
      },
    });
    return new Response(seen, { headers: { 'content-type': 'text/event-stream' } });
  }

  async #follow(response: Response, onAddress: (address: string) => void): Promise<void> {
    const { url, limits, held, host } = this.#options;
    const { messageBytes } = limits;
    const reader = new EventReader(messageBytes);
    let named = false;
    let fault: GuardError | null = null;
    try {
      for await (const event of readEvents(response.body, reader, { messageBytes, held })) {
        if (this.#closing.signal.aborted) return;
        if (event.type === 'message') await host.receive(event.data);
        if (event.type !== 'endpoint' || named) continue;
        named = true;
        onAddress(addressIn(event, url));
      }
    } catch (error) {
      fault = faultOf(error);
    }
    if (this.#closing.signal.aborted) return;
    this.#break(lost(fault));
  }
}

function addressIn({ data }: ServerEvent, url: URL): string {
  const text = data.toString('utf8');
  const address = ENDPOINT.test(text) ? URL.parse(text, url.href) : null;
  if (address === null)
    throw new GuardError('GUARD_REMOTE_MALFORMED', 'the server names an address that is no url');
  if (address.origin !== url.origin)
    throw new GuardError('GUARD_REMOTE_REDIRECTED', `the server leads to another origin, ${address.origin}`);
  return address.href;
}

/** The stream cannot be resumed: a new one is a new session. */
function lost(fault: GuardError | null): GuardError {
  if (fault !== null && fault.code !== 'GUARD_REMOTE_UNREACHABLE') return fault;
  return new GuardError('GUARD_REMOTE_SESSION_LOST', 'the server ended the stream over which it answers', {
    ...(fault === null ? {} : { cause: fault }),
  });
}
