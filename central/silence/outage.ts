import type { SilenceSettings } from './settings.ts';

/** Longest time in milliseconds that an outage stands for agents that do not return. */
const MAX_OUTAGE_MS = 3_600_000;

/** How an outage ended. */
export interface OutageEnd {
  readonly returned: number;
  /** Who did not return, and is to be told of. */
  readonly missing: readonly string[];
}

/**
 * Many agents silent at once: a network that was cut, not so many hosts that somebody silenced. It is told once. When it
 * is over, who is silent still is told of, so that nobody can hide in it.
 */
export class Outage {
  readonly #settings: SilenceSettings;
  readonly #missing = new Set<string>();
  #openedAt: number | null = null;
  #expected = 0;
  #returned = 0;
  #calmSince: number | null = null;

  constructor(settings: SilenceSettings) {
    this.#settings = settings;
  }

  get isOpen(): boolean {
    return this.#openedAt !== null;
  }

  /** Opens where so many agents are silent, or on the way to it, of those that were expected. */
  opens(overdue: number, expected: number, now: number): boolean {
    const { outage_agents, outage_percent } = this.#settings;
    if (overdue < outage_agents || overdue * 100 <= expected * outage_percent) return false;
    this.#openedAt = now;
    this.#expected = expected;
    this.#returned = 0;
    this.#calmSince = null;
    return true;
  }

  add(agents: Iterable<string>): void {
    for (const agent of agents) this.#missing.add(agent);
    this.#calmSince = null;
  }

  /** Whether the agent was silent as part of the outage; it no longer is. */
  returned(agent: string): boolean {
    if (!this.#missing.delete(agent)) return false;
    this.#returned += 1;
    return true;
  }

  /**
   * The end of the outage, once: when half of what makes one is all that is missing, for `settleMs` milliseconds, or when it
   * has lasted too long.
   */
  settled(now: number, settleMs: number): OutageEnd | null {
    if (this.#openedAt === null) return null;
    const isCalm = this.#missing.size * 200 <= this.#expected * this.#settings.outage_percent;
    this.#calmSince = isCalm ? (this.#calmSince ?? now) : null;
    const isOver = this.#calmSince !== null && now - this.#calmSince >= settleMs;
    if (!isOver && now - this.#openedAt < MAX_OUTAGE_MS) return null;
    const end = { returned: this.#returned, missing: [...this.#missing] };
    this.#missing.clear();
    this.#openedAt = null;
    return end;
  }
}
