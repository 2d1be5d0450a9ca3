import type { Readable, Writable } from 'node:stream';
import type { Moment } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Authority } from '../authority/authority.ts';
import { ClientSide, MAX_REQUEST_BYTES, type SessionRecord } from './client-side.ts';
import { Direction } from './direction.ts';
import { Exchange } from './exchange.ts';
import { FreeCalls, type Passage, type Side } from './free-calls.ts';
import { Gate } from './gate.ts';
import { LineSink } from './line-sink.ts';
import { isObject } from './message.ts';
import { Person } from './person.ts';
import type { Questions } from './questions.ts';
import { MAX_HELD_BYTES, ServerSide } from './server-side.ts';
import type { ToolWatch } from './tool-watch.ts';

const TOOLS_CHANGED = Buffer.from(
  `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n`,
);

export interface SessionOptions {
  readonly client: { readonly input: Readable; readonly output: Writable };
  readonly server: { readonly input: Writable; readonly output: Readable };
  /** What passes some messages by itself; null where all come here. */
  readonly passage: Passage | null;
  readonly authority: Authority;
  readonly profile: Profile;
  readonly questions: Questions | null;
  readonly record: SessionRecord;
  readonly toolWatch: (exchange: Exchange, toServer: LineSink) => ToolWatch;
  readonly moment: () => Moment;
  /** The server answered `initialize`. */
  readonly onInitialized: () => void;
  /** The server sent what the profile does not take, and cannot go on. */
  readonly onBroken: () => void;
}

/** Stands between a client and a server: every message passes here, as it came or not at all. */
export class Session {
  /** What the client sends has ended. */
  readonly clientLeft: Promise<void>;
  /** What the server sends has ended and was passed on. */
  readonly serverLeft: Promise<void>;
  readonly #exchange: Exchange;
  readonly #toClient: LineSink;
  readonly #tools: ToolWatch;
  readonly #freeCalls: FreeCalls | null;

  constructor(options: SessionOptions) {
    const { client, server, authority, profile, record, passage, onInitialized, onBroken } = options;
    const toServer = new LineSink(server.input);
    const toClient = new LineSink(client.output);
    const exchange = new Exchange((watches) => passage?.watch(watches));
    this.#exchange = exchange;
    const tools = options.toolWatch(exchange, toServer);
    this.#toClient = toClient;
    this.#tools = tools;
    const person = new Person({ exchange, toClient, questions: options.questions });
    const gate = new Gate({
      authority,
      tools,
      profile,
      moment: options.moment,
      allowedBefore: (key) => person.allowedBefore(key),
    });
    const sides = { toServer, toClient, exchange, gate, profile, record };
    const askPerson = (question: string, key: string) => person.ask(question, key);
    const clientSide = new ClientSide({ ...sides, askPerson });
    const serverSide = new ServerSide({ ...sides, tools, onInitialized, onBroken });
    // Who reads no more is told by the end of what it sends.
    server.input.on('error', () => {});
    client.output.on('error', () => {});
    const freeCalls = passage === null ? null : this.#freed(passage, gate, options, serverSide);
    this.#freeCalls = freeCalls;
    const handled = (side: Side) => (bytes: number) => {
      // What a message changed holds before the next one passes.
      freeCalls?.review();
      passage?.handled(side, bytes);
    };
    const [input, output] = [client.input, server.output];
    const fromClient = new Direction(
      input,
      MAX_REQUEST_BYTES,
      (part) => clientSide.take(part),
      handled('client'),
    );
    const fromServer = new Direction(
      output,
      MAX_HELD_BYTES,
      (part) => serverSide.take(part),
      handled('server'),
    );
    this.clientLeft = fromClient.ended();
    this.serverLeft = fromServer.ended();
  }

  /** Something that decides may have changed. */
  touched(): void {
    this.#freeCalls?.close();
  }

  /** Something else is decided about the server now: its tools are looked at anew, by guard and client. */
  judgedAnew(): void {
    const { serverCapabilities } = this.#exchange;
    if (serverCapabilities === null) return;
    this.#tools.changed();
    const { tools } = serverCapabilities;
    if (isObject(tools) && tools['listChanged'] === true) this.#toClient.insert(TOOLS_CHANGED);
  }

  close(): void {
    this.#exchange.close();
  }

  #freed(passage: Passage, gate: Gate, options: SessionOptions, serverSide: ServerSide): FreeCalls {
    const { authority, record, onBroken } = options;
    const freeCalls = new FreeCalls({ passage, gate, authority, record, onFault: onBroken });
    passage.listen({
      passed: (lines) => freeCalls.passed(lines),
      broken: () => serverSide.brokenLate(),
    });
    return freeCalls;
  }
}
