import { userInfo } from 'node:os';
import type { Health, Loss } from '../wire/index.ts';
import { factOfSelf } from './enrich/agent-facts.ts';
import type { Fact } from './fact.ts';

/** What it means that the pipeline lost something. */
const LOST = {
  spool: 'the spool is full: central has not acknowledged for long',
  queue: 'the state directory could not be written for long',
  correlation: 'more happened at once than correlations of rules remember',
} as const;

export interface OwnStateParts {
  readonly onHealth: (health: Health) => void;
  /** What was lost has grown. */
  readonly onLoss: () => void;
  readonly onFact: (fact: Fact) => void;
}

/** What the agent knows of its own working: how its collectors are, and what was lost at which stage. */
export class OwnState {
  readonly started = new Date();
  readonly #parts: OwnStateParts;
  readonly #health = new Map<string, Health>();
  readonly #lost: Record<string, number> = {};

  constructor(parts: OwnStateParts) {
    this.#parts = parts;
  }

  /** The newest of each collector. */
  health(): Iterable<Health> {
    return this.#health.values();
  }

  /** By stage, since the start. */
  lost(): Readonly<Record<string, number>> {
    return this.#lost;
  }

  /** Notes how something is that tells of its own faults itself. */
  note(health: Health): void {
    this.#health.set(health.collector, health);
  }

  receive(event: Health | Loss): void {
    if (event.kind === 'health') {
      this.note(event);
      this.#parts.onHealth(event);
    } else this.count(event);
    const fact = factOfSelf(event, userInfo().username);
    if (fact !== null) this.#parts.onFact(fact);
  }

  /** Counts a loss that raises nothing. */
  count({ stage, count }: Loss): void {
    this.#lost[stage] = (this.#lost[stage] ?? 0) + count;
    this.#parts.onLoss();
  }

  /** The pipeline lost something. */
  lose(stage: keyof typeof LOST, count: number): void {
    this.receive({ kind: 'loss', time: Date.now(), stage, count, detail: LOST[stage] });
  }
}
