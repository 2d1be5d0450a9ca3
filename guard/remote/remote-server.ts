import type { Readable, Writable } from 'node:stream';
import { GuardError } from '../errors.ts';
import { AuthorisedFetch, type HeaderSource } from './authorised-fetch.ts';
import { HeldBytes } from './held-bytes.ts';
import { REMOTE_LIMITS, type RemoteLimits } from './limits.ts';
import type { LinkOptions } from './link.ts';
import { LinkChoice } from './link-choice.ts';
import { MessageInput } from './message-input.ts';
import { RemoteSession } from './remote-session.ts';
import { isPlaintext, readRemoteUrl } from './remote-url.ts';

/** A remote server as a local one looks: lines of JSON-RPC go in and come out (MCP 2025-11-25, stdio transport). */
export interface RemoteServer {
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves when nothing more comes; with the fault where it broke. It never rejects. */
  readonly ended: Promise<GuardError | null>;
  /** Takes leave of the server, at most some seconds long, and ends `output`. */
  close(): Promise<void>;
}

export interface RemoteOptions {
  readonly url: string;
  /** `http` is tried as `sse` too, where the server does not know it. */
  readonly transport: 'http' | 'sse';
  /** Asked at each request, and once more where the server answers 401. Values are not kept and not shown. */
  readonly headers: HeaderSource;
  /** Told whatever breaks; what it was does not hold what the server said. */
  readonly onFault: (fault: GuardError) => void;
  /** Whether plain http to another machine is taken, and reported; production refuses it. */
  readonly allowPlaintext?: boolean;
  readonly limits?: Partial<RemoteLimits>;
}

/**
 * Fronts a remote server. The connection is made with the first message; a request that gets no answer is answered here,
 * with what went wrong. Once `input` ends, what was asked may still be answered, then the server is left.
 * @throws {GuardError} `GUARD_REMOTE_URL_REFUSED`
 */
export function openRemote(options: RemoteOptions): RemoteServer {
  const { allowPlaintext = false, onFault } = options;
  const url = readRemoteUrl(options.url, allowPlaintext);
  const limits: RemoteLimits = { ...REMOTE_LIMITS, ...options.limits };
  const session = new RemoteSession({
    limits,
    onFault,
    connect: (host) => {
      const http = new AuthorisedFetch(url, options.headers);
      const link: LinkOptions = { url, host, http, held: new HeldBytes(limits.heldBytes), limits };
      return new LinkChoice(options.transport, link);
    },
  });
  const input = new MessageInput(limits.messageBytes, session);
  void session.ended.then(() => input.stream.destroy());
  if (isPlaintext(url))
    onFault(
      new GuardError('GUARD_REMOTE_URL_REFUSED', `the remote server ${url.host} is asked over plain http`),
    );
  return {
    input: input.stream,
    output: session.output,
    ended: session.ended,
    close: () => session.close(null),
  };
}
