import type { StopReason } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Store } from '../store/store.ts';
import { Flaps } from './flaps.ts';
import { type LastState, lastStates } from './last-state.ts';
import type { OwnEvent } from './own-alerts.ts';
import type { SilenceSettings } from './settings.ts';
import { allStoppedEvent, MAX_TOLD, stoppedEvent } from './silence-events.ts';

/** Facts that name agents which stopped for an upgrade begin so; the value is when, in milliseconds since the epoch. */
const UPGRADE_FACT = 'upgrading:';

export interface StopsParts {
  readonly store: Pick<Store, 'db'>;
  /** Writes what is not written of agents yet. */
  readonly flush: () => Promise<void>;
  readonly raise: (event: OwnEvent) => void;
  readonly settings: SilenceSettings;
  readonly log: CentralLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly monotonic: () => number;
}

/**
 * Tells of agents that were stopped on purpose: an uninstall at once, a stop at once and then folded, an upgrade only where the agent is
 * not back within `fold_ms`.
 */
export class Stops {
  readonly #parts: StopsParts;
  readonly #flaps: Flaps;
  /** To be told at the next look, with how many stops each stands for. */
  #due = new Map<string, { readonly reason: StopReason; readonly count: number }>();
  /** Agents whose last stop was folded. */
  readonly #folded = new Set<string>();
  /** Agents that stopped for an upgrade, by when they must be back. */
  readonly #upgrades = new Map<string, number>();
  #notes: Promise<void> = Promise.resolve();

  constructor(parts: StopsParts) {
    this.#parts = parts;
    this.#flaps = new Flaps(parts.settings);
  }

  /** Loads whose upgrade was under way when central ended. @throws whatever the database throws */
  async start(): Promise<void> {
    const { store, settings, clock, monotonic } = this.#parts;
    const rows = await store.db
      .selectFrom('facts')
      .selectAll()
      .where('name', 'like', `${UPGRADE_FACT}%`)
      .execute();
    for (const { name, value } of rows) {
      const leftMs = Math.min(settings.fold_ms, Number(value) + settings.fold_ms - clock());
      this.#upgrades.set(name.slice(UPGRADE_FACT.length), monotonic() + Math.max(0, leftMs));
    }
  }

  /** An agent said goodbye. */
  left(agent: string, reason: StopReason): void {
    const { settings, monotonic } = this.#parts;
    const now = monotonic();
    if (reason === 'upgrade') {
      this.#upgrades.set(agent, now + settings.fold_ms);
      this.#inTurn(agent, () => this.#note(agent));
      return;
    }
    const count = reason === 'uninstall' ? 1 : this.#flaps.fell(agent, now);
    if (count > 0) this.#due.set(agent, { reason, count });
    else this.#folded.add(agent);
  }

  /** An agent is back: its upgrade is over. */
  arrived(agent: string): void {
    if (this.#upgrades.delete(agent)) this.#inTurn(agent, () => this.#forget(agent));
  }

  /** Resolves once what came before is noted. */
  get idle(): Promise<void> {
    return this.#notes;
  }

  /** Looks once whether something is to be told. @throws whatever the database throws */
  async look(): Promise<void> {
    const now = this.#parts.monotonic();
    this.#flaps.trim(now, (agent) => this.#folded.has(agent));
    for (const agent of this.#folded) {
      const count = this.#flaps.due(agent, now);
      if (count === 0) continue;
      this.#folded.delete(agent);
      this.#due.set(agent, { reason: 'stop', count });
    }
    const late = [...this.#upgrades].filter(([, until]) => until <= now).map(([agent]) => agent);
    if (this.#due.size + late.length === 0) return;
    const { store, flush } = this.#parts;
    await Promise.all([flush(), this.#notes]);
    const states = await lastStates(store.db, [...this.#due.keys(), ...late]);
    const due = this.#due;
    this.#due = new Map();
    for (const agent of late) {
      this.#upgrades.delete(agent);
      // Of several nodes the one that takes the note away tells.
      const isOurs = await this.#forget(agent);
      if (isOurs && states.get(agent)?.state === 'stopped') due.set(agent, { reason: 'upgrade', count: 1 });
    }
    this.#tell(due, states);
  }

  #tell(
    due: ReadonlyMap<string, { readonly reason: StopReason; readonly count: number }>,
    states: ReadonlyMap<string, LastState>,
  ): void {
    const { raise, clock } = this.#parts;
    const told = [...due].flatMap(([agent, stop]) => {
      const state = states.get(agent);
      return state === undefined || state.isRevoked ? [] : [{ ...stop, state }];
    });
    if (told.length > MAX_TOLD) {
      raise(allStoppedEvent(told, clock()));
      return;
    }
    for (const { state, reason, count } of told) raise(stoppedEvent(state, reason, count, clock()));
  }

  /** Keeps over a restart of central that an upgrade is under way. */
  async #note(agent: string): Promise<void> {
    const { store, clock } = this.#parts;
    const value = String(clock());
    await store.db
      .insertInto('facts')
      .values({ name: `${UPGRADE_FACT}${agent}`, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  /** A note and its end are written one after the other. */
  #inTurn(agent: string, write: () => Promise<unknown>): void {
    this.#notes = this.#notes.then(write).then(
      () => undefined,
      (error: unknown) => {
        const { log } = this.#parts;
        log.error('the upgrade of an agent cannot be noted', { agent, error: describeError(error) });
      },
    );
  }

  async #forget(agent: string): Promise<boolean> {
    const rows = await this.#parts.store.db
      .deleteFrom('facts')
      .where('name', '=', `${UPGRADE_FACT}${agent}`)
      .returning('name')
      .execute();
    return rows.length > 0;
  }
}
