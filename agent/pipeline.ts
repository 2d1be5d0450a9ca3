import { type RuleSet, RuleStream } from '../rules/engine/index.ts';
import type { Alert } from '../wire/index.ts';
import { draftOf } from './draft.ts';
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
/** Milliseconds between two reports of what correlations had to forget. */
const FORGOTTEN_MS = 60_000;

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
  /**
   * The spool was full and gave up this many alerts, nothing could be stored and this many alerts went, or
   * correlations had to forget this many groups and events.
   */
  readonly onLost: (stage: 'spool' | 'queue' | 'correlation', count: number) => void;
  readonly log: AgentLog;
}

/** Work that rules have looked at: each fact counts once in a correlation, however often it has to be stored. */
interface Judged {
  readonly drafts: readonly Draft[];
  readonly remember: (() => void) | undefined;
}

/** facts → rules → alerts → spool. Nothing is told of an alert before it is durable. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #stream: RuleStream;
  #waiting: Judged[] = [];
  #timer: NodeJS.Timeout | null = null;
  #dropped = 0;
  #folded = 0;
  /** Groups and events forgotten that were told. */
  #told = 0;
  #forgetting: NodeJS.Timeout | null = null;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#stream = new RuleStream(options.rules);
  }

  /** Takes work in order; it is durable at the next group commit. */
  submit({ facts, remember }: Work): void {
    const drafts = facts.flatMap((fact) => this.#alertsOf(fact));
    if (drafts.length > 0 || remember !== undefined) {
      this.#waiting.push({ drafts, remember });
      this.#timer ??= setTimeout(() => this.flush(), GROUP_COMMIT_MS);
    }
    this.#tellForgotten();
  }

  /** Other rules from the next fact on; correlations that did not change remember what they saw. */
  replaceRules(rules: RuleSet): void {
    this.#stream.replace(rules);
  }

  /** Firings of a correlation that went on and on, for which the first alert stands. */
  get folded(): number {
    return this.#folded;
  }

  /** What correlations had to forget for want of memory. */
  get evicted(): RuleStream['evicted'] {
    return this.#stream.evicted;
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

  /** Commits all that waits; nothing is told on its own any more. */
  close(): void {
    if (this.#forgetting !== null) clearTimeout(this.#forgetting);
    this.flush();
  }

  #commit(waiting: readonly Judged[]): { readonly alerts: readonly Alert[]; readonly evicted: number } {
    const { spool } = this.#options;
    const alerts: Alert[] = [];
    for (const { drafts, remember } of waiting) {
      for (const draft of drafts) alerts.push(spool.append(draft));
      remember?.();
    }
    return { alerts, evicted: spool.evict() };
  }

  /** Puts work back in front. Of too much, the oldest alerts go; a look at the host is never given up. */
  #keep(waiting: readonly Judged[]): void {
    this.#options.spool.recount();
    const all = [...waiting, ...this.#waiting];
    let over = all.length - MAX_WAITING;
    this.#waiting = all.filter((work) => {
      if (over <= 0 || work.remember !== undefined) return true;
      over -= 1;
      this.#dropped += work.drafts.length;
      return false;
    });
    this.#timer ??= setTimeout(() => this.flush(), RETRY_MS);
  }

  #alertsOf(fact: Fact): readonly Draft[] {
    const { fields, logsource, time } = fact;
    const hits = this.#stream.take({ fields, logsource }, time);
    if (hits.length === 0) return [];
    const fresh = hits.filter(({ correlation }) => correlation === null || !correlation.refire);
    this.#folded += hits.length - fresh.length;
    return fresh.map((hit) => draftOf(hit, fact, this.#options.host));
  }

  #tellForgotten(): void {
    const { groups, entries } = this.#stream.evicted;
    const forgotten = groups + entries - this.#told;
    if (forgotten === 0 || this.#forgetting !== null) return;
    this.#told += forgotten;
    this.#forgetting = setTimeout(() => {
      this.#forgetting = null;
      this.#tellForgotten();
    }, FORGOTTEN_MS).unref();
    if (forgotten > 0) this.#options.onLost('correlation', forgotten);
  }
}
