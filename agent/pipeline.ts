import type { Rule, RuleSet } from '../rules/engine/index.ts';
import type { Alert } from '../wire/index.ts';
import type { Fact } from './fact.ts';
import type { AgentDatabase } from './state/database.ts';
import type { Draft, Spool } from './state/spool.ts';

/** Milliseconds that a commit waits for more to share it. */
const GROUP_COMMIT_MS = 5;

/** What one look at the host gave: facts, and what must be remembered together with them. */
export interface Work {
  readonly facts: readonly Fact[];
  /** Runs in the same transaction as the alerts. */
  readonly remember?: () => void;
}

export interface PipelineOptions {
  readonly database: AgentDatabase;
  readonly spool: Spool;
  readonly rules: RuleSet;
  readonly host: string;
  /** After the commit: alerts that are durable now. */
  readonly onDurable: (alerts: readonly Alert[]) => void;
  /** The spool was full and gave up this many alerts. */
  readonly onEvicted: (count: number) => void;
}

/** facts → rules → alerts → spool. Nothing is told of an alert before it is durable. */
export class Pipeline {
  readonly #options: PipelineOptions;
  #waiting: Work[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Takes work in order; it is durable at the next group commit. */
  submit(work: Work): void {
    if (work.facts.length === 0 && work.remember === undefined) return;
    this.#waiting.push(work);
    this.#timer ??= setTimeout(() => this.flush(), GROUP_COMMIT_MS);
  }

  /** Commits all that waits. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const { database, spool } = this.#options;
    const alerts: Alert[] = [];
    let evicted = 0;
    database.transaction(() => {
      for (const work of waiting) {
        for (const fact of work.facts)
          alerts.push(...this.#alertsOf(fact).map((draft) => spool.append(draft)));
        work.remember?.();
      }
      evicted = spool.evict();
    })();
    if (alerts.length > 0) this.#options.onDurable(alerts);
    if (evicted > 0) this.#options.onEvicted(evicted);
  }

  #alertsOf(fact: Fact): readonly Draft[] {
    const hits = this.#options.rules.match({ fields: fact.fields, logsource: fact.logsource });
    return hits.map((rule) => draftOf(rule, fact, this.#options.host));
  }
}

function draftOf(rule: Rule, fact: Fact, host: string): Draft {
  const { id, name, title, level, tags, author, license } = rule;
  return {
    time: new Date(fact.time).toISOString(),
    host,
    user: fact.user,
    rule: { id, name, title, level, tags: [...tags], author, license },
    server: fact.server,
    event: { ...fact.fields },
    actor: fact.actor,
    ancestry: fact.ancestry,
    change: fact.change,
    count: 1,
  };
}
