import { randomBytes } from 'node:crypto';
import type { AgentFrame, CentralFrame, CommandName } from '../../wire/index.ts';

/** Commands that wait for the answer of one agent. */
const MAX_WAITING = 16;

type ResultFrame = Extract<AgentFrame, { type: 'result' }>;

/** What became of a command. */
export type CommandOutcome =
  | { readonly kind: 'done'; readonly ok: boolean; readonly message: string }
  /** The agent is not connected to this central, or went away before it answered. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unanswered' }
  /** Too many commands wait for this agent already. */
  | { readonly kind: 'busy' };

interface Waiting {
  readonly agent: string;
  readonly settle: (outcome: CommandOutcome) => void;
}

/** Commands to agents that are connected, each with its answer. None is kept for an agent that is not there. */
export class Commands {
  readonly #send: (agent: string, frame: CentralFrame) => boolean;
  readonly #waiting = new Map<string, Waiting>();

  /** @param send hands a frame to a live session; false where the agent has none */
  constructor(send: (agent: string, frame: CentralFrame) => boolean) {
    this.#send = send;
  }

  /** Sends a command and waits for its result, at most `timeoutMs` milliseconds. */
  async send(agent: string, name: CommandName, timeoutMs: number): Promise<CommandOutcome> {
    const ofAgent = [...this.#waiting.values()].filter((waiting) => waiting.agent === agent);
    if (ofAgent.length >= MAX_WAITING) return { kind: 'busy' };
    const id = randomBytes(8).toString('hex');
    const outcome = new Promise<CommandOutcome>((resolve) => {
      const timer = setTimeout(() => this.#settle(id, { kind: 'unanswered' }), timeoutMs);
      const settle = (result: CommandOutcome) => {
        clearTimeout(timer);
        resolve(result);
      };
      this.#waiting.set(id, { agent, settle });
    });
    if (!this.#send(agent, { type: 'command', id, name })) this.#settle(id, { kind: 'absent' });
    return await outcome;
  }

  /** An agent answered; what nobody waits for, or another agent was asked, counts for nothing. */
  answered(agent: string, { id, ok, message }: ResultFrame): void {
    if (this.#waiting.get(id)?.agent === agent) this.#settle(id, { kind: 'done', ok, message });
  }

  /** The session of an agent ended: its answers will not come. */
  left(agent: string): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.agent === agent) this.#settle(id, { kind: 'absent' });
    }
  }

  #settle(id: string, outcome: CommandOutcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.settle(outcome);
  }
}
