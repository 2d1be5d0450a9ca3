import type { Profile } from '../../wire/index.ts';
import type { LinePart } from '../frames/line-reader.ts';
import { CLOSE_OBJECT, OPEN_OBJECT, TopLevelKeys } from '../frames/top-level-keys.ts';
import type { SessionRecord } from './client-side.ts';
import type { Exchange, Remembered } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { LineSink } from './line-sink.ts';
import { CARRIAGE_RETURN, hasLineBreak, isObject, type Message, readMessage } from './message.ts';
import { refusalAnswer } from './refusal-answer.ts';

/** Bytes of one message of the server that are held back before it is passed in pieces. */
export const MAX_HELD_BYTES = 256 * 1024;
/** Bytes of one message that are held back where the guard has to read it whole. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

type Response = Extract<Message, { kind: 'response' }>;

/** Reads the lists of tools that the server gives. */
export interface ToolListener {
  /** An answer to `tools/list` of the client; null passes it as it came, else what is passed instead. */
  listed(response: Response, request: Remembered, line: Buffer): Buffer | null;
  /** The server says that its tools are others now. */
  changed(): void;
}

export interface ServerSideOptions {
  readonly toServer: LineSink;
  readonly toClient: LineSink;
  readonly exchange: Exchange;
  readonly gate: Gate;
  readonly profile: Profile;
  readonly tools: ToolListener;
  readonly record: SessionRecord;
  /** The server answered `initialize`. */
  readonly onInitialized: () => void;
  /** The server sent what no two readers understand alike, in pieces that are gone already. */
  readonly onBroken: () => void;
}

/** A message that is passed in pieces, or held back to be read whole. */
interface Long {
  readonly pieces: Buffer[] | null;
  readonly keys: TopLevelKeys;
  size: number;
}

/** What comes from the server: lists of tools are compared, what it asks of the client is decided, the rest passes. */
export class ServerSide {
  readonly #options: ServerSideOptions;
  #long: Long | null = null;

  constructor(options: ServerSideOptions) {
    this.#options = options;
  }

  take(part: LinePart): Promise<void> | null {
    if (part.kind === 'line') return this.#line(part.bytes);
    if (part.kind === 'head') return this.#head(part.bytes);
    return this.#more(part.bytes, part.last);
  }

  /** What is passed in pieces as an answer asks for something, too. */
  brokenLate(): void {
    this.#options.record.faulty('server', 'not_a_message', true);
    if (this.#options.profile === 'production') this.#options.onBroken();
  }

  #line(line: Buffer): Promise<void> | null {
    // Most messages are answers that nobody asked to look at: they need not be read.
    const isPlain = isObjectLike(line) && !mayHaveMethod(line) && !hasLineBreak(line);
    if (isPlain && !this.#options.exchange.watches) return this.#pass(line, true);
    const read = readMessage(line);
    if (read.kind === 'fault') {
      const passed = this.#options.profile !== 'production' || read.fault === 'not_json';
      this.#options.record.faulty('server', read.fault, passed);
      return passed ? this.#pass(line, true) : null;
    }
    if (read.kind === 'blank') return this.#pass(line, true);
    return this.#message(read.message, line);
  }

  #message(message: Message, line: Buffer): Promise<void> | null {
    const { exchange, gate, toServer, record, tools } = this.#options;
    if (message.kind === 'response') {
      if (exchange.takeOwn(message)) return null;
      const request = exchange.answered(message.id);
      return this.#pass(request === null ? line : (this.#answer(message, request, line) ?? line), true);
    }
    if (message.kind === 'notification') {
      if (message.method === 'notifications/tools/list_changed') tools.changed();
      return this.#pass(line, true);
    }
    const decision = gate.serverRequest(message);
    if (decision.kind === 'pass') return this.#pass(line, true);
    toServer.insert(refusalAnswer(message.id, decision.refusal));
    record.decided(message, 'refused', decision.refusal);
    return null;
  }

  #answer(response: Response, request: Remembered, line: Buffer): Buffer | null {
    const { exchange, tools, onInitialized } = this.#options;
    if (request.method === 'tools/list') return tools.listed(response, request, line);
    if (request.method !== 'initialize' || response.failed) return null;
    const { capabilities } = isObject(response.result) ? response.result : {};
    exchange.serverCapabilities = isObject(capabilities) ? capabilities : {};
    onInitialized();
    return null;
  }

  /** An answer that nobody looks at goes on while it still comes; anything else is read whole. */
  #head(head: Buffer): Promise<void> | null {
    const keys = new TopLevelKeys();
    keys.push(head);
    const isAnswer = (keys.has('result') || keys.has('error')) && !keys.has('method') && !hasLineBreak(head);
    const passes = isAnswer && !this.#options.exchange.watches;
    this.#long = { pieces: passes ? null : [head], keys, size: head.length };
    return passes ? this.#pass(head, false) : null;
  }

  #more(bytes: Buffer, last: boolean): Promise<void> | null {
    const long = this.#long;
    if (long === null) return this.#pass(bytes, last);
    long.size += bytes.length;
    if (last) this.#long = null;
    if (long.pieces !== null) {
      long.pieces.push(bytes);
      if (last) return this.#line(Buffer.concat(long.pieces));
      return long.size > MAX_READ_BYTES ? this.#giveUp(long) : null;
    }
    long.keys.push(bytes);
    if (long.keys.has('method') || hasLineBreak(bytes)) this.brokenLate();
    return this.#pass(bytes, last);
  }

  /** Longer than anything is read: it passes in pieces where the profile reports, and ends the session where it refuses. */
  #giveUp({ pieces, keys, size }: Long): Promise<void> | null {
    const { profile, record, onBroken } = this.#options;
    const passed = profile !== 'production';
    record.faulty('server', 'too_long', passed);
    if (!passed) onBroken();
    this.#long = { pieces: null, keys, size };
    return passed ? this.#pass(Buffer.concat(pieces ?? []), false) : null;
  }

  #pass(bytes: Buffer, ends: boolean): Promise<void> | null {
    const { toClient } = this.#options;
    return toClient.pass(bytes, ends) ? null : toClient.drained();
  }
}

/** Whether a line begins and ends as an object does; what does not is read, to be told of. */
function isObjectLike(line: Buffer): boolean {
  const end = line.at(-2) === CARRIAGE_RETURN ? -3 : -2;
  return line[0] === OPEN_OBJECT && line.at(end) === CLOSE_OBJECT;
}

/** Whether a line may hold the key `method`, also where its letters are escaped (RFC 8259, section 7). */
function mayHaveMethod(line: Buffer): boolean {
  return line.includes('"method"') || line.includes('\\u00');
}
