import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileRules, type Rule, type RuleSet } from '../../rules/engine/index.ts';
import { type Alert, limits } from '../../wire/index.ts';
import type { Intake } from '../ingest/intake.ts';
import { type CentralLog, describeError } from '../log.ts';
import { OWN_AGENT_FACT } from '../store/fleet.ts';
import type { Store } from '../store/store.ts';

/** Rules that central looks at: those of the agents themselves. */
const OWN_RULES = /^agent_[a-z_]+\.yml$/;
const LOGSOURCE = { product: 'sealwatch', category: 'agent' } as const;
/** Alerts that wait while the database cannot be written; the oldest go first, and are logged. */
const MAX_WAITING = 1_000;
/** Milliseconds until a write that failed is tried again. */
const RAISE_AGAIN_MS = 1_000;

/** Something that central itself has seen. */
export interface OwnEvent {
  /** Fields under the names that rules use, with `agent.event`. */
  readonly fields: Alert['event'];
  /** Host that it is about. */
  readonly host: string;
  /** How many equal events it stands for. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface OwnAlertsParts {
  readonly store: Pick<Store, 'db' | 'registerAgent'>;
  readonly intake: Pick<Intake, 'store'>;
  readonly rules: RuleSet;
  readonly log: CentralLog;
  readonly clock: () => number;
  /** This central as a host. */
  readonly self: { readonly host: string; readonly os: string; readonly version: string };
  /** Name of this node where several share a database; each numbers its own alerts. */
  readonly node: string;
}

/** The rules of the pack that speak of agents; what does not load is logged, and its events raise nothing. */
export function readOwnRules(directory: string, log: CentralLog): RuleSet {
  const names = readdirSync(directory).filter((name) => OWN_RULES.test(name));
  const set = compileRules(
    names.map((name) => ({ path: join(directory, name), text: readFileSync(join(directory, name), 'utf8') })),
  );
  for (const { path, line, code, message } of set.refused) {
    log.error('a rule for events of central does not load', { path, line, code, message });
  }
  return set;
}

/**
 * Alerts that central raises itself. Central is an agent of its own for them: an id that is made once, a seq that is
 * never used twice, and the same way into the store, so that feeds and API see them like all others.
 */
export class OwnAlerts {
  readonly #parts: OwnAlertsParts;
  /** Id of central as an agent: 16 hex digits. */
  readonly agent: string;
  #seq: number;
  #waiting: Alert[] = [];
  #sending: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isStopped = false;

  private constructor(parts: OwnAlertsParts, agent: string, seq: number) {
    this.#parts = parts;
    this.agent = agent;
    this.#seq = seq;
  }

  /** Finds central's identity, or makes one. @throws whatever the database throws */
  static async open(parts: OwnAlertsParts): Promise<OwnAlerts> {
    const name = `${OWN_AGENT_FACT}${parts.node}`;
    const { db } = parts.store;
    await db
      .insertInto('facts')
      .values({ name, value: randomBytes(8).toString('hex') })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { value: id } = await db
      .selectFrom('facts')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    const now = new Date(parts.clock()).toISOString();
    const seq = await parts.store.registerAgent({ id, ...parts.self }, now);
    return new OwnAlerts(parts, id, seq);
  }

  /** Raises an alert for each rule that the event hits. It is on its way when this returns; it is tried until it is stored. */
  raise(event: OwnEvent): void {
    const { rules, log } = this.#parts;
    const hits = rules
      .match({ fields: event.fields, logsource: LOGSOURCE })
      .filter((rule) => !rules.silent.has(rule));
    if (hits.length === 0) log.warn('no rule speaks of an event of central', { event: nameOf(event) });
    for (const rule of hits) this.#waiting.push(this.#alertOf(rule, event));
    const over = this.#waiting.length - MAX_WAITING;
    if (over > 0) {
      this.#waiting.splice(0, over);
      log.error('alerts of central were given up: the database cannot be written', { count: over });
    }
    if (this.#retry === null) this.#send();
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#sending !== null) await this.#sending;
  }

  /** Stores what waits, once more. */
  async stop(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#isStopped = true;
    this.#send();
    await this.idle();
  }

  #alertOf(rule: Rule, { fields, host, count, time }: OwnEvent): Alert {
    const { id, name, title, level, tags, author, license } = rule;
    this.#seq += 1;
    return {
      id: `${this.agent}-${this.#seq}`,
      seq: this.#seq,
      time: new Date(time).toISOString(),
      host,
      user: '',
      rule: { id, name, title, level, tags: [...tags], author, license },
      server: null,
      event: fields,
      actor: null,
      ancestry: [],
      change: null,
      count,
    };
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      // What came between the last look and now.
      if (this.#waiting.length > 0 && this.#retry === null && !this.#isStopped) this.#send();
    });
  }

  async #sendAll(): Promise<void> {
    const { intake, clock, log } = this.#parts;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, limits.MAX_BATCH_ALERTS);
      try {
        await intake.store(this.agent, batch, new Date(clock()).toISOString());
        const stored = new Set(batch);
        this.#waiting = this.#waiting.filter((alert) => !stored.has(alert));
      } catch (error) {
        log.error('alerts of central cannot be stored; they wait', { error: describeError(error) });
        if (!this.#isStopped) this.#tryLater();
        return;
      }
    }
  }

  #tryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#send();
    }, RAISE_AGAIN_MS).unref();
  }
}

function nameOf({ fields }: OwnEvent): string {
  return String(fields['agent.event'] ?? '');
}
