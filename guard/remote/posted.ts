import { GuardError } from '../errors.ts';
import { readIncoming } from './incoming.ts';
import type { LinkHost, LinkOptions } from './link.ts';
import { StatusFault } from './remote-fault.ts';
import { type BodyLimits, useBody } from './response-body.ts';
import type { Ticketed } from './ticket.ts';

/** Bytes of the body of a refusal that are looked at for an answer. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Sends a message by POST. Gives the answer where its status is a success or a redirect. @throws {GuardError} */
export async function post(
  url: string | URL,
  init: RequestInit | undefined,
  ticketed: Ticketed,
  { http, limits, host, held }: LinkOptions,
): Promise<Response> {
  const { outgoing } = ticketed;
  const response = await http.request(url, {
    method: 'POST',
    headers: init?.headers ?? {},
    body: outgoing.bytes,
    signals: [init?.signal, outgoing.abort.signal],
    beginMs: outgoing.ids.length > 0 ? limits.answerMs : limits.acceptMs,
  });
  ticketed.status = response.status;
  if (response.ok || isRedirect(response)) return response;
  await passAnswer(response, ticketed, host, { messageBytes: MAX_REFUSAL_BYTES, held });
  throw new StatusFault(response.status);
}

/** What a transport is told of an answer that is read here: that it was taken, and the session's id. */
export function taken({ headers }: Response): Response {
  return new Response(null, { status: 202, headers });
}

/** A redirect as the transport has to see it: it decides whether to follow. */
export async function redirectOf(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}

export function isRedirect({ status }: Response): boolean {
  return status >= 300 && status < 400;
}

/** Type and subtype of what a body holds (RFC 9110, section 8.3.1). */
export function mediaTypeOf({ headers }: Response): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}

export function wrongType(response: Response): GuardError {
  const type = mediaTypeOf(response);
  const shown = /^[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}$/.test(type) ? type : 'no known type';
  return new GuardError(
    'GUARD_REMOTE_MALFORMED',
    `the server answered with ${shown}, not with JSON or events`,
  );
}

/** A refusal may hold the JSON-RPC answer to the very request. */
async function passAnswer(
  response: Response,
  { outgoing }: Ticketed,
  host: LinkHost,
  limits: BodyLimits,
): Promise<void> {
  try {
    await useBody(response.body, limits, async (body) => {
      const [answer] = readIncoming(body) ?? [];
      if (answer !== undefined && answer.answers !== null && outgoing.ids.includes(answer.answers))
        await host.receive(body);
    });
  } catch {
    // The status says enough.
  }
}
