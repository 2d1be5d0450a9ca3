import type { Rule, RuleSet } from '../rules/engine/index.ts';
import type { Alert, FieldValue } from '../wire/index.ts';
import type { Fact } from './fact.ts';
import type { AgentLog } from './log.ts';
import type { AgentDatabase } from './state/database.ts';
import type { Draft, Spool } from './state/spool.ts';

/** Milliseconds that a commit waits for more to share it. */
const GROUP_COMMIT_MS = 5;
/** Milliseconds until a commit that failed is tried again. */
const RETRY_MS = 1_000;
/** Pieces of work that wait while nothing can be stored. */
const MAX_WAITING = 10_000;

/** Characters of one text in an alert's event; rules see all of it. */
const MAX_EVIDENCE_CHARS = 4_096;
/** Items of one list in an alert's event. */
const MAX_EVIDENCE_ITEMS = 100;

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
  /** The spool was full and gave up this many alerts, or nothing could be stored and this many facts went. */
  readonly onLost: (stage: 'spool' | 'queue', count: number) => void;
  readonly log: AgentLog;
}

/** facts → rules → alerts → spool. Nothing is told of an alert before it is durable. */
export class Pipeline {
  readonly #options: PipelineOptions;
  #waiting: Work[] = [];
  #timer: NodeJS.Timeout | null = null;
  #dropped = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Takes work in order; it is durable at the next group commit. */
  submit(work: Work): void {
    if (work.facts.length === 0 && work.remember === undefined) return;
    this.#waiting.push(work);
    this.#timer ??= setTimeout(() => this.flush(), GROUP_COMMIT_MS);
  }

  /** Commits all that waits. Where that fails (a full disk), it waits on and is tried again. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    try {
      const { alerts, evicted } = this.#options.database.transaction(() => this.#commit(waiting))();
      if (alerts.length > 0) this.#options.onDurable(alerts);
      if (evicted > 0) this.#options.onLost('spool', evicted);
      const dropped = this.#dropped;
      this.#dropped = 0;
      if (dropped > 0) this.#options.onLost('queue', dropped);
    } catch (error) {
      this.#keep(waiting);
      this.#options.log.error('alerts cannot be stored; they wait in memory', { error: String(error) });
    }
  }

  #commit(waiting: readonly Work[]): { readonly alerts: readonly Alert[]; readonly evicted: number } {
    const { spool } = this.#options;
    const alerts: Alert[] = [];
    for (const work of waiting) {
      for (const fact of work.facts) alerts.push(...this.#alertsOf(fact).map((draft) => spool.append(draft)));
      work.remember?.();
    }
    return { alerts, evicted: spool.evict() };
  }

  /** Puts work back in front. Of too much, the oldest events go; a look at the host is never given up. */
  #keep(waiting: readonly Work[]): void {
    this.#options.spool.recount();
    const all = [...waiting, ...this.#waiting];
    let over = all.length - MAX_WAITING;
    this.#waiting = all.filter((work) => {
      if (over <= 0 || work.remember !== undefined) return true;
      over -= 1;
      this.#dropped += work.facts.length;
      return false;
    });
    this.#timer ??= setTimeout(() => this.flush(), RETRY_MS);
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
    event: bounded(fact.fields),
    actor: fact.actor,
    ancestry: fact.ancestry,
    change: fact.change,
    count: 1,
  };
}

/** Fields as evidence: an entry of megabytes must not make an alert that no frame can carry. */
function bounded(fields: Fact['fields']): Record<string, FieldValue> {
  const cut = <T>(value: T): T | string =>
    typeof value === 'string' && value.length > MAX_EVIDENCE_CHARS
      ? `${value.slice(0, MAX_EVIDENCE_CHARS)}…`
      : value;
  const entries = Object.entries(fields).map(([name, value]): [string, FieldValue] => [
    name,
    Array.isArray(value) ? value.slice(0, MAX_EVIDENCE_ITEMS).map(cut) : cut(value),
  ]);
  return Object.fromEntries(entries);
}
