import type { SilenceSettings } from './settings.ts';

/** What is remembered of one agent that was silent. */
interface Flapping {
  /** Silences that no alert has told of yet. */
  untold: number;
  toldAt: number;
  /** Milliseconds after `toldAt` in which nothing is told. */
  foldMs: number;
  /** When it was last known to be silent. */
  silentAt: number;
}

/**
 * Folds the silences of an agent that comes and goes: the first is told at once; those after it are counted, and told as
 * one alert when its time is over, which doubles with each.
 */
export class Flaps {
  readonly #settings: SilenceSettings;
  readonly #agents = new Map<string, Flapping>();

  constructor(settings: SilenceSettings) {
    this.#settings = settings;
  }

  /** An agent fell silent. Answers for how many silences an alert shall stand now; 0 for none yet. */
  fell(agent: string, now: number): number {
    const known = this.#agents.get(agent);
    if (known === undefined) {
      this.told(agent, now);
      return 1;
    }
    known.untold += 1;
    known.silentAt = now;
    return this.due(agent, now);
  }

  /** The silence of an agent was told of already. */
  told(agent: string, now: number): void {
    this.#agents.set(agent, { untold: 0, toldAt: now, foldMs: this.#settings.fold_ms, silentAt: now });
  }

  /** As `fell`, of an agent that is silent still: what was folded is told when its time is over. */
  due(agent: string, now: number): number {
    const known = this.#agents.get(agent);
    if (known === undefined || known.untold === 0 || now - known.toldAt < known.foldMs) return 0;
    const count = known.untold;
    known.untold = 0;
    known.toldAt = now;
    known.foldMs = Math.min(known.foldMs * 2, this.#settings.fold_max_ms);
    return count;
  }

  /** Whether the present silence of an agent was told. */
  isTold(agent: string): boolean {
    return this.#agents.get(agent)?.untold === 0;
  }

  /** An agent was told of together with others, or is to be told of as if it had never been. */
  forget(agent: string): void {
    this.#agents.delete(agent);
  }

  /** Forgets agents that have not been silent for long. */
  trim(now: number, isSilent: (agent: string) => boolean): void {
    for (const [agent, { silentAt, toldAt }] of this.#agents) {
      const last = Math.max(silentAt, toldAt);
      if (now - last >= this.#settings.forget_ms && !isSilent(agent)) this.#agents.delete(agent);
    }
  }
}
