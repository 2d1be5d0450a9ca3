import type { Profile } from '../../wire/index.ts';
import type { Refusal } from '../authority/ruling.ts';
import type { LinePart } from '../frames/line-reader.ts';
import type { Exchange } from './exchange.ts';
import type { Decision, Gate } from './gate.ts';
import type { LineSink } from './line-sink.ts';
import { ambiguityOf, type FrameFault, isObject, type Message, readMessage } from './message.ts';
import { faultAnswer, refusalAnswer } from './refusal-answer.ts';

/** Bytes of one message of the client that are held back to decide about it. */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

type Request = Extract<Message, { kind: 'request' }>;

/** What the sides of a session are told to record. */
export interface SessionRecord {
  decided(
    request: Request,
    decision: 'allowed' | 'refused' | 'allowed_by_person',
    refusal: Refusal | null,
  ): void;
  /** Requests that were decided before they came. */
  passed(requests: readonly Request[]): void;
  faulty(from: 'client' | 'server', fault: FrameFault, passed: boolean): void;
}

export interface ClientSideOptions {
  readonly toServer: LineSink;
  readonly toClient: LineSink;
  readonly exchange: Exchange;
  readonly gate: Gate;
  readonly profile: Profile;
  readonly record: SessionRecord;
  /** Asks a person; true where the answer is yes. */
  readonly askPerson: (question: string, key: string) => Promise<boolean>;
}

/** Methods whose answers are looked at. */
const WATCHED: ReadonlySet<string> = new Set(['initialize', 'tools/list']);

/** What comes from the client: each request is decided, everything else passes as it came. */
export class ClientSide {
  readonly #options: ClientSideOptions;
  /** Requests that a person is asked about; what is cancelled meanwhile is not sent. */
  readonly #parked = new Map<string, Buffer>();
  /** A message that is too long is dropped to its end. */
  #dropping = false;

  constructor(options: ClientSideOptions) {
    this.#options = options;
  }

  take(part: LinePart): Promise<void> | null {
    if (part.kind === 'line') return this.#line(part.bytes);
    if (part.kind === 'head') return this.#tooLong(part.bytes);
    if (!this.#dropping) return this.#pass(part.bytes, part.last);
    this.#dropping = !part.last;
    return null;
  }

  #line(line: Buffer): Promise<void> | null {
    const read = readMessage(line);
    if (read.kind === 'blank') return this.#pass(line, true);
    if (read.kind === 'fault') return this.#faulty(line, read.fault, read.id);
    const { message } = read;
    if (message.kind === 'response')
      return this.#options.exchange.takeOwn(message) ? null : this.#pass(line, true);
    const ambiguity = ambiguityOf(line);
    if (ambiguity !== null)
      return this.#faulty(line, ambiguity, message.kind === 'request' ? message.id : null);
    if (message.kind === 'request') return this.#request(message, line);
    this.#forgetCancelled(message);
    return this.#pass(line, true);
  }

  #request(message: Request, line: Buffer): Promise<void> | null {
    const { exchange, gate } = this.#options;
    if (WATCHED.has(message.method)) exchange.remember(message.id, message);
    if (message.method === 'initialize') {
      const { capabilities } = message.params;
      exchange.clientCapabilities = isObject(capabilities) ? capabilities : {};
    }
    const decision = gate.request(message);
    return decision instanceof Promise
      ? decision.then((later) => this.#carryOut(message, line, later) ?? undefined)
      : this.#carryOut(message, line, decision);
  }

  #carryOut(message: Request, line: Buffer, decision: Decision): Promise<void> | null {
    const { record } = this.#options;
    if (decision.kind === 'pass') {
      const waits = this.#pass(line, true);
      record.decided(message, 'allowed', null);
      return waits;
    }
    if (decision.kind === 'refuse') {
      this.#refuse(message, decision.refusal);
      return null;
    }
    // Others need not wait for a person.
    void this.#ask(message, line, decision);
    return null;
  }

  async #ask(message: Request, line: Buffer, decision: Extract<Decision, { kind: 'ask' }>): Promise<void> {
    const { askPerson, record, toServer } = this.#options;
    const key = JSON.stringify(message.id);
    this.#parked.set(key, line);
    const allowed = await askPerson(decision.question, decision.key);
    if (!this.#parked.delete(key)) return;
    if (!allowed) {
      this.#refuse(message, decision.refusal);
      return;
    }
    toServer.insert(line);
    record.decided(message, 'allowed_by_person', null);
  }

  #refuse(message: Request, refusal: Refusal): void {
    const { toClient, record } = this.#options;
    record.decided(message, 'refused', refusal);
    toClient.insert(refusalAnswer(message.id, refusal));
  }

  #forgetCancelled({ method, params }: Extract<Message, { kind: 'notification' }>): void {
    if (method !== 'notifications/cancelled' || this.#parked.size === 0) return;
    this.#parked.delete(JSON.stringify(params['requestId']));
  }

  #faulty(line: Buffer, fault: FrameFault, id: string | number | null): Promise<void> | null {
    const { profile, record, toClient } = this.#options;
    const passed = profile !== 'production';
    record.faulty('client', fault, passed);
    if (passed) return this.#pass(line, true);
    toClient.insert(faultAnswer(id, fault));
    return null;
  }

  #tooLong(head: Buffer): Promise<void> | null {
    const { profile, record, toClient } = this.#options;
    const passed = profile !== 'production';
    record.faulty('client', 'too_long', passed);
    if (passed) return this.#pass(head, false);
    this.#dropping = true;
    toClient.insert(faultAnswer(null, 'too_long'));
    return null;
  }

  #pass(bytes: Buffer, ends: boolean): Promise<void> | null {
    const { toServer } = this.#options;
    return toServer.pass(bytes, ends) ? null : toServer.drained();
  }
}
