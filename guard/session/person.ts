import type { Exchange } from './exchange.ts';
import type { LineSink } from './line-sink.ts';
import { isObject } from './message.ts';
import type { Questions } from './questions.ts';

/** Milliseconds that a person has to answer. */
const ANSWER_MS = 120_000;
/** Answers that are remembered; one session has few. */
const MAX_REMEMBERED = 1_000;

export interface PersonOptions {
  readonly exchange: Exchange;
  readonly toClient: LineSink;
  /** Where a person is asked whose client cannot ask; null where nobody would look. */
  readonly questions: Questions | null;
}

/** Asks the person in front of the client: by elicitation where the client can, else by the command line. */
export class Person {
  readonly #options: PersonOptions;
  readonly #allowed = new Set<string>();

  constructor(options: PersonOptions) {
    this.#options = options;
  }

  /** Whether a question with this key was answered with yes. */
  allowedBefore(key: string): boolean {
    return this.#allowed.has(key);
  }

  /** True where the answer is yes. A question with a key is asked once; one without each time. */
  async ask(question: string, key: string): Promise<boolean> {
    const yes = this.#canElicit ? await this.#elicit(question) : await this.#askLocally(question, key);
    if (yes && key !== '' && this.#allowed.size < MAX_REMEMBERED) this.#allowed.add(key);
    return yes;
  }

  /** MCP 2025-11-25: `elicitation: {}` means the form mode. */
  get #canElicit(): boolean {
    const { elicitation } = this.#options.exchange.clientCapabilities;
    if (!isObject(elicitation)) return false;
    return Object.hasOwn(elicitation, 'form') || Object.keys(elicitation).length === 0;
  }

  async #elicit(question: string): Promise<boolean> {
    const { exchange, toClient } = this.#options;
    const allow = { type: 'boolean', title: 'Allow', description: question };
    const params = {
      mode: 'form',
      message: `Sealwatch: ${question}`,
      requestedSchema: { type: 'object', properties: { allow }, required: ['allow'] },
    };
    const answer = await exchange.ask(toClient, 'elicitation/create', params, ANSWER_MS);
    const result = answer !== null && !answer.failed && isObject(answer.result) ? answer.result : {};
    const { action, content } = result;
    return action === 'accept' && isObject(content) && content['allow'] === true;
  }

  /** What changed is for the command that approves it; only a call that is to be asked about waits for an answer. */
  async #askLocally(question: string, key: string): Promise<boolean> {
    const { questions } = this.#options;
    return key === '' && questions !== null ? questions.ask(question, ANSWER_MS) : false;
  }
}
