import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { GuardError } from '../errors.ts';
import { EventFeed } from './event-feed.ts';
import type { Link, LinkOptions } from './link.ts';
import type { Outgoing } from './outgoing.ts';
import { isRedirect, mediaTypeOf, post, redirectOf, taken, wrongType } from './posted.ts';
import { faultOf, StatusFault } from './remote-fault.ts';
import { readEvents, useBody } from './response-body.ts';
import { Tickets } from './ticket.ts';

const NOT_FOUND = 404;
const NOT_OFFERED = 405;

/** Opens the way over Streamable HTTP (MCP 2025-11-25, "Streamable HTTP"). Nothing is sent yet. */
export async function openStreamableLink(options: LinkOptions): Promise<Link> {
  const { StreamableHTTPClientTransport: Transport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  const link = new StreamableLink(options, (fetch) => {
    // Streams are resumed here: the transport does not say which request is lost when it gives up.
    const reconnectionOptions = {
      initialReconnectionDelay: 0,
      maxReconnectionDelay: 0,
      reconnectionDelayGrowFactor: 1,
      maxRetries: 0,
    };
    return new Transport(options.url, { fetch, reconnectionOptions });
  });
  await link.start();
  return link;
}

/**
 * The SDK's transport makes the requests, keeps the session and decides about redirects; the bodies of the answers are
 * read here, with limits and as they came.
 */
class StreamableLink implements Link {
  readonly #options: LinkOptions;
  readonly #transport: StreamableHTTPClientTransport;
  readonly #tickets = new Tickets();
  /** Streams that are asked for again, by what stands in the place of their last event's id meanwhile. */
  readonly #resuming = new Map<string, EventFeed>();
  readonly #closing = new AbortController();
  #next = 0;

  constructor(options: LinkOptions, create: (fetch: FetchLike) => StreamableHTTPClientTransport) {
    this.#options = options;
    this.#transport = create((url, init) => this.#fetch(url, init));
  }

  async start(): Promise<void> {
    await this.#transport.start();
  }

  async send(outgoing: Outgoing): Promise<void> {
    try {
      await this.#tickets.carry(outgoing, (ticket) => this.#transport.send(ticket));
    } catch (error) {
      this.#checkSession(error);
      throw error;
    }
  }

  setProtocolVersion(version: string): void {
    this.#transport.setProtocolVersion(version);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // A server need not offer it, and one that is gone cannot.
    await this.#transport.terminateSession().catch(() => {});
    await this.#transport.close().catch(() => {});
  }

  /** "When a client receives HTTP 404 in response to a request containing an MCP-Session-Id, it MUST start a new session". */
  #checkSession(fault: unknown): void {
    const known = !(fault instanceof StatusFault) || fault.status !== NOT_FOUND;
    if (known || this.#transport.sessionId === undefined) return;
    this.#options.host.over(
      new GuardError('GUARD_REMOTE_SESSION_LOST', 'the server no longer knows the session (HTTP 404)'),
    );
  }

  async #fetch(url: string | URL, init: RequestInit | undefined): Promise<Response> {
    if (init?.method === 'POST') return this.#post(url, init);
    if (init?.method === 'GET') return this.#get(url, init);
    const { http, limits } = this.#options;
    return http.request(url, {
      method: init?.method ?? 'DELETE',
      headers: init?.headers ?? {},
      signals: [init?.signal],
      beginMs: limits.closeMs,
    });
  }

  async #post(url: string | URL, init: RequestInit): Promise<Response> {
    const ticketed = this.#tickets.redeem(init.body);
    const response = await post(url, init, ticketed, this.#options);
    if (isRedirect(response)) return redirectOf(response);
    if (this.#options.host.awaits(ticketed.outgoing)) void this.#answer(response, ticketed.outgoing);
    else await response.body?.cancel();
    return taken(response);
  }

  async #answer(response: Response, outgoing: Outgoing): Promise<void> {
    const { host } = this.#options;
    const type = mediaTypeOf(response);
    if (type === 'text/event-stream') {
      await this.#follow(new EventFeed(outgoing, this.#options.limits), response);
      return;
    }
    try {
      if (type === 'application/json') {
        await useBody(response.body, this.#bodyLimits(), (body) => host.receive(body));
        if (host.awaits(outgoing)) host.fail(outgoing, unanswered());
        return;
      }
      await response.body?.cancel();
      // Some servers take a request so and answer over the stream of their own messages.
      if (response.status !== 202) host.fail(outgoing, wrongType(response));
    } catch (error) {
      host.fail(outgoing, faultOf(error));
    }
  }

  /** Opens the stream of the server's own messages, or asks for the rest of one that broke. */
  async #get(url: string | URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const asked = this.#resuming.get(headers.get('last-event-id') ?? '');
    const feed = asked ?? new EventFeed(null, this.#options.limits);
    if (feed.lastEventId === null) headers.delete('last-event-id');
    else headers.set('last-event-id', feed.lastEventId);
    try {
      const response = await this.#openStream(url, init, headers, feed);
      if (isRedirect(response)) return await redirectOf(response);
      void this.#follow(feed, response);
      return new Response(null);
    } catch (error) {
      if (asked !== undefined) throw error;
      this.#notOpened(feed, faultOf(error));
      return new Response(null, { status: NOT_OFFERED });
    }
  }

  async #openStream(
    url: string | URL,
    init: RequestInit,
    headers: Headers,
    feed: EventFeed,
  ): Promise<Response> {
    const { http, limits } = this.#options;
    const response = await http.request(url, {
      method: 'GET',
      headers,
      signals: [init.signal, this.#closing.signal, feed.outgoing?.abort.signal],
      beginMs: limits.acceptMs,
    });
    if (isRedirect(response)) return response;
    if (response.ok && mediaTypeOf(response) === 'text/event-stream') return response;
    await response.body?.cancel();
    throw response.ok ? wrongType(response) : new StatusFault(response.status);
  }

  /** A server need not have messages of its own (HTTP 405). */
  #notOpened(feed: EventFeed, fault: GuardError): void {
    const offered = !(fault instanceof StatusFault) || fault.status !== NOT_OFFERED;
    if (!offered || this.#closing.signal.aborted) return;
    if (isPassing(fault)) void this.#resume(feed, fault);
    else this.#options.host.report(fault);
  }

  async #follow(feed: EventFeed, response: Response): Promise<void> {
    const reader = feed.begin(performance.now());
    let fault: GuardError | null = null;
    try {
      for await (const event of readEvents(response.body, reader, this.#bodyLimits())) {
        feed.note(reader);
        if (event.type !== 'message') continue;
        await this.#options.host.receive(event.data);
        feed.moved();
        if (this.#closing.signal.aborted) return;
      }
    } catch (error) {
      fault = faultOf(error);
    }
    feed.end(reader, performance.now());
    if (!this.#wants(feed)) return;
    const why = fault ?? unanswered();
    if (feed.resumable && isPassing(why)) await this.#resume(feed, why);
    else this.#giveUp(feed, why);
  }

  async #resume(feed: EventFeed, fault: GuardError): Promise<void> {
    let why = fault;
    for (let waitMs = feed.nextAttemptMs(); waitMs !== null; waitMs = feed.nextAttemptMs()) {
      await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (!this.#wants(feed)) return;
      const place = `sealwatch-${this.#next}`;
      this.#next += 1;
      this.#resuming.set(place, feed);
      try {
        await this.#transport.resumeStream(place);
        return;
      } catch (error) {
        why = faultOf(error);
      } finally {
        this.#resuming.delete(place);
      }
      if (!isPassing(why)) break;
    }
    if (this.#wants(feed)) this.#giveUp(feed, why);
  }

  #giveUp(feed: EventFeed, fault: GuardError): void {
    const { host } = this.#options;
    this.#checkSession(fault);
    if (feed.outgoing !== null) host.fail(feed.outgoing, fault);
    else host.report(fault);
  }

  #wants({ outgoing }: EventFeed): boolean {
    return !this.#closing.signal.aborted && (outgoing === null || this.#options.host.awaits(outgoing));
  }

  #bodyLimits() {
    const { limits, held } = this.#options;
    return { messageBytes: limits.messageBytes, held };
  }
}

/** Whether the same may work in a moment. */
function isPassing(fault: GuardError): boolean {
  if (fault instanceof StatusFault) return fault.status >= 500 || fault.status === 429;
  return ['GUARD_REMOTE_UNREACHABLE', 'GUARD_REMOTE_TIMEOUT', 'GUARD_REMOTE_UNANSWERED'].includes(fault.code);
}

function unanswered(): GuardError {
  return new GuardError('GUARD_REMOTE_UNANSWERED', 'the server ended its answer before it was whole');
}
