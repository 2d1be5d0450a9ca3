import type { Store } from '../store/store.ts';
import { Flaps } from './flaps.ts';
import { lastStates } from './last-state.ts';
import type { OwnEvent } from './own-alerts.ts';
import type { SilenceSettings } from './settings.ts';

export interface ClonesParts {
  readonly store: Pick<Store, 'db'>;
  readonly raise: (event: OwnEvent) => void;
  readonly settings: SilenceSettings;
  readonly clock: () => number;
  readonly monotonic: () => number;
}

/** Tells of identities that are used by two machines. A copy asks again and again: that is folded. */
export class Clones {
  readonly #parts: ClonesParts;
  readonly #flaps: Flaps;

  constructor(parts: ClonesParts) {
    this.#parts = parts;
    this.#flaps = new Flaps(parts.settings);
  }

  /** A second holder of an identity was sent away. @throws whatever the database throws */
  async noticed(agent: string, detail: string): Promise<void> {
    const { store, raise, clock, monotonic } = this.#parts;
    const now = monotonic();
    this.#flaps.trim(now, () => false);
    const count = this.#flaps.fell(agent, now);
    if (count === 0) return;
    const state = (await lastStates(store.db, [agent])).get(agent);
    raise({
      host: state?.host ?? agent,
      count,
      time: clock(),
      fields: { 'agent.event': 'cloned', 'agent.id': agent, 'agent.detail': detail },
    });
  }
}
