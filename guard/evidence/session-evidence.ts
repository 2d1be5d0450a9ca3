import { hash } from 'node:crypto';
import type { Refusal } from '../authority/ruling.ts';
import type { SessionRecord } from '../session/client-side.ts';
import type { FrameFault, Message } from '../session/message.ts';
import type { Standing } from '../sight/server-sight.ts';
import type { Entry, Journal } from './journal.ts';

type Request = Extract<Message, { kind: 'request' }>;
type ServerWords = Entry['server'];

/** Requests of which each decision is recorded; the others say only that the client looks around. */
const RECORDED: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
]);
/** Faulty messages of a session that are recorded one by one; those past it are recorded as many together. */
const MAX_FAULTS = 100;

/** How records name the server. */
export function serverWords(standing: Standing): ServerWords {
  if (standing.kind !== 'known') return null;
  const { id, client, name } = standing.discovered.server;
  return { id, client, name, state: standing.verdict.state };
}

/** Writes what a session decides into the journal. Arguments are there as a digest only. */
export class SessionEvidence implements SessionRecord {
  readonly #journal: Journal;
  readonly #server: () => ServerWords;
  #faults = 0;

  constructor(journal: Journal, server: () => ServerWords) {
    this.#journal = journal;
    this.#server = server;
  }

  decided(
    request: Request,
    outcome: 'allowed' | 'refused' | 'allowed_by_person',
    refusal: Refusal | null,
  ): void {
    if (refusal === null && !RECORDED.has(request.method)) return;
    const server = this.#server();
    const time = Date.now();
    // The message is on its way already: nobody waits for the digest.
    setImmediate(() => this.#write(server, request, outcome, refusal, time));
  }

  passed(requests: readonly Request[]): void {
    const server = this.#server();
    const time = Date.now();
    for (const request of requests) this.#write(server, request, 'allowed', null, time);
  }

  faulty(from: 'client' | 'server', fault: FrameFault, passed: boolean): void {
    this.#faults += 1;
    const isOne = this.#faults <= MAX_FAULTS;
    if (!isOne && this.#faults % MAX_FAULTS !== 0) return;
    const count = isOne ? 1 : MAX_FAULTS;
    this.#journal.write({ server: this.#server(), kind: 'frame', from, fault, passed, count });
  }

  #write(
    server: ServerWords,
    { method, params }: Request,
    outcome: 'allowed' | 'refused' | 'allowed_by_person',
    refusal: Refusal | null,
    time: number,
  ): void {
    const target = targetOf(params);
    const digest = params['arguments'] === undefined ? null : digestOf(params['arguments']);
    const [code, reason] = refusal === null ? [null, ''] : [refusal.code, refusal.reason];
    this.#journal.write(
      { server, kind: 'call', method, target, outcome, code, reason, arguments: digest },
      time,
    );
  }
}

function targetOf(params: Readonly<Record<string, unknown>>): string {
  const target = params['name'] ?? params['uri'];
  return typeof target === 'string' ? target : '';
}

function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value));
}
