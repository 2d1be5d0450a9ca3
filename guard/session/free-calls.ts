import type { Authority } from '../authority/authority.ts';
import type { SessionRecord } from './client-side.ts';
import type { Gate } from './gate.ts';
import { type Message, readMessage } from './message.ts';

type Request = Extract<Message, { kind: 'request' }>;

export type Side = 'client' | 'server';

/** What the bytes of a session run through, where that can pass some of them without the session. */
export interface Passage {
  listen(listener: PassageListener): void;
  /** Calls of these tools pass from now on, for a while. */
  open(tools: readonly string[]): void;
  /** They pass for a while longer. */
  renew(): void;
  /** No call passes. */
  close(): void;
  /** Whether every message of the server is the session's. */
  watch(isWatched: boolean): void;
  /** So many bytes of what was passed were recorded; while much is not, nothing passes. */
  recorded(bytes: number): void;
  /** So many bytes of what a side sent were handled; until all are, nothing of that side passes. */
  handled(side: Side, bytes: number): void;
}

export interface PassageListener {
  /** Calls are passed; these whole lines of the client were, others that were may follow later. */
  passed(lines: Buffer): void;
  /** An answer of the server that was passed in pieces turned out to be none. */
  broken(): void;
}

export interface FreeCallsOptions {
  readonly passage: Passage;
  readonly gate: Gate;
  readonly authority: Authority;
  readonly record: SessionRecord;
  /** What passed was no call: what passes messages cannot be trusted. */
  readonly onFault: () => void;
}

/** Has calls pass without the session while nothing has changed on which they were decided. */
export class FreeCalls {
  readonly #options: FreeCallsOptions;
  #open: readonly string[] | null = null;

  constructor(options: FreeCallsOptions) {
    this.#options = options;
  }

  /** Looks at what may pass now. */
  review(): void {
    const { passage, gate, authority } = this.#options;
    authority.probe();
    const tools = gate.freeTools();
    if (tools.length === 0) {
      this.close();
      return;
    }
    if (tools === this.#open) passage.renew();
    else passage.open(tools);
    this.#open = tools;
  }

  close(): void {
    if (this.#open === null) return;
    this.#open = null;
    this.#options.passage.close();
  }

  passed(lines: Buffer): void {
    const { passage, record, onFault } = this.#options;
    this.review();
    const requests: Request[] = [];
    for (let at = 0; at < lines.length; ) {
      const end = lines.indexOf('\n', at) + 1 || lines.length;
      const read = readMessage(lines.subarray(at, end));
      at = end;
      if (read.kind === 'message' && read.message.kind === 'request') requests.push(read.message);
      else onFault();
    }
    record.passed(requests);
    passage.recorded(lines.length);
  }
}
