import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardError } from '../errors.ts';
import { isObject } from '../session/message.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import type { RemoteLimits } from './limits.ts';
import type { Link, LinkHost } from './link.ts';
import type { LineTaker } from './message-input.ts';
import { MessageOutput } from './message-output.ts';
import { OpenRequests } from './open-requests.ts';
import { type Outgoing, readOutgoing } from './outgoing.ts';
import { failedAnswer, faultOf } from './remote-fault.ts';

/** A version of the protocol, as a header can carry it. */
const PROTOCOL_VERSION = /^[\x21-\x7e]{1,64}$/;

export interface RemoteSessionOptions {
  readonly limits: RemoteLimits;
  readonly onFault: (fault: GuardError) => void;
  readonly connect: (host: LinkHost) => Link;
}

/** One client's session with a remote server: what it asks is answered, by the server or with what went wrong. */
export class RemoteSession implements LinkHost, LineTaker {
  readonly output: Readable;
  readonly ended: Promise<GuardError | null>;
  readonly #options: RemoteSessionOptions;
  readonly #output = new MessageOutput();
  readonly #open = new OpenRequests();
  readonly #link: Link;
  /** Requests that the server has not taken yet, and their bytes. */
  readonly #sending = new Set<Promise<void>>();
  #sendingBytes = 0;
  #malformed = 0;
  #closing: Promise<void> | null = null;
  #end: (fault: GuardError | null) => void = () => {};

  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    this.output = this.#output.stream;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#link = options.connect(this);
  }

  async take(line: Buffer): Promise<void> {
    if (this.#closing !== null || line.toString('utf8').trim() === '') return;
    const outgoing = readOutgoing(line);
    if (outgoing === null) return this.#refuse(null, 'GUARD_REMOTE_MALFORMED', 'the client sent no JSON');
    const over = this.#excess(outgoing);
    if (over !== null) {
      const ids = outgoing.ids.length === 0 ? [null] : outgoing.ids;
      for (const id of ids) this.#refuse(id, 'GUARD_REMOTE_LIMIT', over);
      return;
    }
    this.#open.add(outgoing);
    const sent = this.#send(outgoing);
    // Requests need not wait for one another; all else arrives in the order in which it was written.
    if (outgoing.kind !== 'request') await sent;
    else await this.#leaveRunning(sent, outgoing.bytes.length);
  }

  tooLong(): void {
    const { messageBytes } = this.#options.limits;
    this.#refuse(null, 'GUARD_REMOTE_LIMIT', `the client sent a message of over ${messageBytes} bytes`);
  }

  async end(): Promise<void> {
    await Promise.race([this.#open.empty(), pause(this.#options.limits.drainMs), this.ended]);
    await this.close(null);
  }

  close(fault: GuardError | null): Promise<void> {
    this.#closing ??= this.#close(fault);
    return this.#closing;
  }

  async receive(bytes: Buffer): Promise<void> {
    const messages = readIncoming(bytes);
    if (messages === null) {
      this.#countMalformed();
      return;
    }
    for (const message of messages) {
      if (this.#expected(message)) await this.#output.put(message.line);
    }
  }

  awaits(outgoing: Outgoing): boolean {
    return this.#open.of(outgoing).length > 0;
  }

  fail(outgoing: Outgoing, fault: GuardError): void {
    const ids = this.#open.of(outgoing);
    if (ids.length > 0) this.report(fault);
    for (const id of ids) this.#answer(id, fault);
    // A session that did not begin cannot go on.
    if (ids.length > 0 && outgoing.kind === 'initialize') void this.close(fault);
  }

  report(fault: GuardError): void {
    if (this.#closing === null) this.#options.onFault(fault);
  }

  over(fault: GuardError): void {
    this.report(fault);
    void this.close(fault);
  }

  async #send(outgoing: Outgoing): Promise<void> {
    try {
      await this.#link.send(outgoing);
    } catch (error) {
      const fault = faultOf(error);
      if (outgoing.ids.length > 0) this.fail(outgoing, fault);
      else this.report(fault);
      return;
    }
    if (outgoing.cancels !== null) this.#forget(outgoing.cancels);
  }

  async #leaveRunning(sent: Promise<void>, bytes: number): Promise<void> {
    this.#sendingBytes += bytes;
    const running = sent.finally(() => {
      this.#sending.delete(running);
      this.#sendingBytes -= bytes;
    });
    this.#sending.add(running);
    while (this.#sendingBytes > this.#options.limits.heldBytes) await Promise.race(this.#sending);
  }

  /** What is too much about a message; null where nothing is. */
  #excess({ ids }: Outgoing): string | null {
    const { openRequests, idLength } = this.#options.limits;
    if (this.#open.size + ids.length > openRequests)
      return `over ${openRequests} requests wait for an answer`;
    const isLong = ids.some((id) => JSON.stringify(id).length > idLength);
    return isLong ? `the id of a request is over ${idLength} characters long` : null;
  }

  /** An answer to what nobody waits for, or no longer, is dropped. */
  #expected({ answers, result }: Incoming): boolean {
    if (answers === null) return true;
    const asked = this.#open.settle(answers);
    if (asked?.kind === 'initialize') this.#initialized(result);
    return asked !== null;
  }

  #initialized(result: unknown): void {
    const version = isObject(result) ? result['protocolVersion'] : null;
    if (typeof version === 'string' && PROTOCOL_VERSION.test(version)) this.#link.setProtocolVersion(version);
  }

  /** Who takes a request back waits for it no more, and the server need not answer (MCP 2025-11-25, "Cancellation"). */
  #forget(id: string | number): void {
    const asked = this.#open.settle(id);
    if (asked !== null && !this.awaits(asked)) asked.abort.abort();
  }

  #countMalformed(): void {
    this.#malformed += 1;
    const fault = new GuardError('GUARD_REMOTE_MALFORMED', 'the server sent a message that is no JSON-RPC');
    if (this.#malformed < this.#options.limits.malformed) this.report(fault);
    else this.over(fault);
  }

  #refuse(id: string | number | null, code: GuardError['code'], message: string): void {
    const fault = new GuardError(code, message);
    this.report(fault);
    void this.#output.put(failedAnswer(id, fault));
  }

  #answer(id: string | number, fault: GuardError): void {
    this.#open.settle(id);
    void this.#output.put(failedAnswer(id, fault));
  }

  async #close(fault: GuardError | null): Promise<void> {
    const why =
      fault ?? new GuardError('GUARD_REMOTE_UNANSWERED', 'the session was closed before the answer');
    for (const outgoing of this.#open.all()) {
      for (const id of this.#open.of(outgoing)) this.#answer(id, why);
    }
    this.#output.end();
    await Promise.race([this.#link.close(), pause(this.#options.limits.closeMs)]);
    this.#end(fault);
  }
}

function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
