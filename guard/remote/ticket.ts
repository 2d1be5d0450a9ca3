import type { JSONRPCNotification } from '@modelcontextprotocol/sdk/types.js';
import { GuardError } from '../errors.ts';
import type { Outgoing } from './outgoing.ts';
import { faultOf, StatusFault } from './remote-fault.ts';

/**
 * Stands for a message in a transport of the SDK, which would write it anew: as JSON it is a number, which the transport
 * sends as the body, and for which the request is given the bytes that the client wrote.
 */
class Ticket implements JSONRPCNotification {
  readonly jsonrpc = '2.0';
  readonly method: string;
  readonly #number: number;

  constructor(method: string, number: number) {
    this.method = method;
    this.#number = number;
  }

  toJSON(): number {
    return this.#number;
  }
}

/** A message that a transport was told to send. */
export interface Ticketed {
  readonly outgoing: Outgoing;
  /** HTTP status of the last answer to it; 0 before there is one. */
  status: number;
}

/** The messages that a transport is sending. */
export class Tickets {
  readonly #sending = new Map<string, Ticketed>();
  #next = 1;

  /** Calls `send` with what stands for the message. @throws {GuardError} */
  async carry(outgoing: Outgoing, send: (ticket: JSONRPCNotification) => Promise<void>): Promise<void> {
    const number = this.#next;
    this.#next += 1;
    const ticketed = { outgoing, status: 0 };
    this.#sending.set(String(number), ticketed);
    // The transport opens its stream for the server's own messages once it has sent this.
    const method = outgoing.kind === 'initialized' ? 'notifications/initialized' : 'sealwatch/message';
    try {
      await send(new Ticket(method, number));
    } catch (error) {
      const { status } = ticketed;
      // The transport's own words for a redirect that it does not follow hold no status.
      throw error instanceof GuardError || status === 0 ? faultOf(error) : new StatusFault(status);
    } finally {
      this.#sending.delete(String(number));
    }
  }

  /** The message for which a request's body stands. */
  redeem(body: unknown): Ticketed {
    const ticketed = this.#sending.get(String(body));
    if (ticketed === undefined) throw new TypeError('the transport sends what it was not given');
    return ticketed;
  }
}
