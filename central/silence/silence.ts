import type { StopReason } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { ownAgents } from '../store/fleet.ts';
import type { Store } from '../store/store.ts';
import { Flaps } from './flaps.ts';
import { claimSilent, type LastState, lastStates } from './last-state.ts';
import { Outage } from './outage.ts';
import type { OwnEvent } from './own-alerts.ts';
import type { SilenceSettings } from './settings.ts';
import { allReturnedEvent, MAX_TOLD, outageEvent, returnedEvent, silentEvent } from './silence-events.ts';

import { Stops } from './stops.ts';

/** Longest time in milliseconds between two looks. */
const SWEEP_MS = 1_000;
/** A look that comes later than this many milliseconds says that central itself stood still. */
const STALL_MS = 3_000;
/** Milliseconds between two looks for agents that another node of central has met. */
const ROSTER_MS = 30_000;
/** What another node of central may be ahead of this one's last word, in milliseconds, by writing later. */
const NOTE_SLACK_MS = 10_000;

interface Entry {
  /** Monotonic milliseconds when it was last heard here. */
  heard: number;
  /** The same by the wall clock. */
  seen: number;
  isConnected: boolean;
  isSilent: boolean;
}

export interface SilenceParts {
  readonly store: Pick<Store, 'db'>;
  /** Writes what is not written of agents yet. */
  readonly flush: () => Promise<void>;
  /** Whether central does not listen to an agent just now. */
  readonly isPaused: (agent: string) => boolean;
  readonly raise: (event: OwnEvent) => void;
  /** Milliseconds that the fleet may take to return after a restart of central. */
  readonly reconnectMs: () => number;
  readonly settings: SilenceSettings;
  readonly metrics: Metrics;
  readonly log: CentralLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds that no setting of the clock moves; all waiting is measured by it. */
  readonly monotonic: () => number;
}

/** Notices agents that are not heard from, and tells of each once: alone, folded, or as part of an outage. */
export class Silence {
  readonly #parts: SilenceParts;
  readonly #roster = new Map<string, Entry>();
  readonly #flaps: Flaps;
  readonly #outage: Outage;
  readonly #stops: Stops;
  /** Agents that were told of as silent and are heard again, with how many milliseconds they were silent. */
  #returned = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #sweptAt: number;
  #rosterAt: number;
  /** Nobody is silent before. */
  #graceUntil: number;
  #sweep: Promise<void> | null = null;

  constructor(parts: SilenceParts) {
    this.#parts = parts;
    this.#flaps = new Flaps(parts.settings);
    this.#outage = new Outage(parts.settings);
    this.#stops = new Stops(parts);
    const now = parts.monotonic();
    this.#sweptAt = now;
    this.#rosterAt = now;
    this.#graceUntil = now;
  }

  /** Agents that central waits for or hears. */
  get size(): number {
    return this.#roster.size;
  }

  /** Loads who is expected, and gives them time to return. */
  async start(): Promise<void> {
    await this.#loadRoster();
    await this.#stops.start();
    const { silent_after_ms } = this.#parts.settings;
    this.#graceUntil = this.#parts.monotonic() + silent_after_ms + this.#parts.reconnectMs();
    this.#timer = setInterval(() => void this.sweep(), Math.min(SWEEP_MS, silent_after_ms / 4)).unref();
  }

  /** Tells of stops that were not told yet. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#sweep;
    await this.#stops.idle;
    await this.#stops.look().catch((error: unknown) => {
      this.#parts.log.error('stopped agents could not be told of', { error: describeError(error) });
    });
  }

  arrived(agent: string): void {
    const entry = this.#entry(agent);
    entry.isConnected = true;
    this.#stops.arrived(agent);
    this.#note(agent, entry);
  }

  heard(agent: string): void {
    const entry = this.#roster.get(agent);
    if (entry !== undefined) this.#note(agent, entry);
  }

  /** `goodbye` null: without a word. */
  left(agent: string, goodbye: StopReason | null): void {
    const entry = this.#roster.get(agent);
    if (entry === undefined) return;
    if (goodbye === null) entry.isConnected = false;
    else {
      this.#roster.delete(agent);
      if (this.#parts.settings.tell_stops) this.#stops.left(agent, goodbye);
    }
  }

  /** Looks once; never rejects. Looks that overlap are one. */
  sweep(): Promise<void> {
    this.#sweep ??= this.#look()
      .catch((error: unknown) => {
        this.#parts.log.error('silent agents could not be looked for; it is tried again', {
          error: describeError(error),
        });
      })
      .finally(() => {
        this.#sweep = null;
      });
    return this.#sweep;
  }

  async #look(): Promise<void> {
    const { settings, monotonic } = this.#parts;
    const now = monotonic();
    // While central stood still nobody could be heard, and what was sent meanwhile is still to be read.
    if (now - this.#sweptAt > Math.min(SWEEP_MS, settings.silent_after_ms / 4) + STALL_MS) {
      this.#graceUntil = Math.max(this.#graceUntil, now + settings.silent_after_ms);
    }
    this.#sweptAt = now;
    await this.#stops.look();
    await this.#tellReturned();
    if (now - this.#rosterAt >= ROSTER_MS) await this.#loadRoster();
    if (now < this.#graceUntil) return;
    const silent = await this.#confirm(this.#due(now));
    if (silent.size > 0) this.#tell(silent, now);
    await this.#tellLate(now);
    this.#flaps.trim(now, (agent) => this.#roster.get(agent)?.isSilent ?? false);
  }

  /** Who was not heard for too long, by what this node knows. */
  #due(now: number): readonly string[] {
    const { settings, isPaused } = this.#parts;
    const due: string[] = [];
    for (const [agent, entry] of this.#roster) {
      if (entry.isSilent || now - entry.heard < settings.silent_after_ms) continue;
      if (entry.isConnected && isPaused(agent)) entry.heard = now;
      else due.push(agent);
    }
    return due;
  }

  /** Of these, who is silent by what all nodes know. They are marked as such. */
  async #confirm(due: readonly string[]): Promise<ReadonlyMap<string, LastState>> {
    if (due.length === 0) return new Map();
    const { store, flush, monotonic } = this.#parts;
    await flush();
    const states = await lastStates(store.db, due);
    const now = monotonic();
    const silent = due.filter((agent) => {
      const entry = this.#roster.get(agent);
      const state = states.get(agent);
      if (entry === undefined || now - entry.heard < this.#parts.settings.silent_after_ms) return false;
      if (state === undefined || state.isRevoked || state.state === 'stopped') {
        this.#roster.delete(agent);
        return false;
      }
      const seen = Date.parse(state.lastSeen);
      if (entry.isConnected || seen <= entry.seen + NOTE_SLACK_MS) return true;
      entry.heard = now;
      entry.seen = seen;
      return false;
    });
    const claimed = await claimSilent(store.db, silent);
    for (const agent of silent) {
      const entry = this.#roster.get(agent);
      if (entry !== undefined) entry.isSilent = true;
    }
    return new Map([...states].filter(([agent]) => claimed.has(agent)));
  }

  #tell(silent: ReadonlyMap<string, LastState>, now: number): void {
    const { settings, raise, metrics, clock } = this.#parts;
    // Who is on the way to silence counts as well: of a cut network the agents fall silent one after the other.
    let expected = 0;
    let overdue = 0;
    for (const [agent, entry] of this.#roster) {
      if (entry.isSilent && !silent.has(agent)) continue;
      expected += 1;
      if (now - entry.heard >= settings.silent_after_ms / 2) overdue += 1;
    }
    const isKnown = this.#outage.isOpen;
    if (isKnown || this.#outage.opens(overdue, expected, now)) {
      if (!isKnown) raise(outageEvent([...silent.values()], overdue, expected, clock()));
      this.#outage.add(silent.keys());
      for (const agent of silent.keys()) this.#flaps.forget(agent);
      metrics.count('sealwatch_central_silences_total', silent.size, 'outage');
      return;
    }
    this.#tellEach(silent, now);
  }

  #tellEach(silent: ReadonlyMap<string, LastState>, now: number): void {
    const { raise, metrics, clock } = this.#parts;
    if (silent.size > MAX_TOLD) {
      raise(outageEvent([...silent.values()], silent.size, this.#roster.size, clock()));
      metrics.count('sealwatch_central_silences_total', silent.size, 'outage');
      return;
    }
    for (const [agent, state] of silent) {
      const count = this.#flaps.fell(agent, now);
      metrics.count('sealwatch_central_silences_total', 1, count === 0 ? 'folded' : 'told');
      if (count > 0) raise(silentEvent(state, count, clock()));
    }
  }

  /** Tells what was folded and whose time is over, and of an outage that is over those who did not return. */
  async #tellLate(now: number): Promise<void> {
    const { store, raise, clock, settings, reconnectMs } = this.#parts;
    const late = new Map<string, number>();
    for (const [agent, { isSilent }] of this.#roster) {
      const count = isSilent ? this.#flaps.due(agent, now) : 0;
      if (count > 0) late.set(agent, count);
    }
    for (const [agent, state] of await lastStates(store.db, [...late.keys()])) {
      raise(silentEvent(state, late.get(agent) ?? 1, clock()));
    }
    const end = this.#outage.settled(now, settings.silent_after_ms + reconnectMs());
    if (end === null) return;
    if (end.returned > 0) raise(allReturnedEvent(end.returned, end.missing.length, clock()));
    this.#tellEach(await lastStates(store.db, end.missing), now);
  }

  async #tellReturned(): Promise<void> {
    const returned = this.#returned;
    if (returned.size === 0) return;
    this.#returned = new Map();
    const { store, raise, clock } = this.#parts;
    if (returned.size > MAX_TOLD) {
      raise(allReturnedEvent(returned.size, 0, clock()));
      return;
    }
    for (const [agent, state] of await lastStates(store.db, [...returned.keys()])) {
      raise(returnedEvent(state, returned.get(agent) ?? 0, clock()));
    }
  }

  #note(agent: string, entry: Entry): void {
    const { clock, monotonic } = this.#parts;
    const now = monotonic();
    const silentMs = now - entry.heard;
    entry.heard = now;
    entry.seen = clock();
    if (!entry.isSilent) return;
    entry.isSilent = false;
    if (!this.#outage.returned(agent) && this.#flaps.isTold(agent)) this.#returned.set(agent, silentMs);
  }

  #entry(agent: string): Entry {
    const known = this.#roster.get(agent);
    if (known !== undefined) return known;
    const { monotonic, clock } = this.#parts;
    const entry = { heard: monotonic(), seen: clock(), isConnected: false, isSilent: false };
    this.#roster.set(agent, entry);
    return entry;
  }

  /** Learns of agents that this node has not met. Who was told of as silent is told of when it returns. */
  async #loadRoster(): Promise<void> {
    const { store, monotonic, clock } = this.#parts;
    this.#rosterAt = monotonic();
    const rows = await store.db
      .selectFrom('agents')
      .select(['id', 'state', 'last_seen'])
      .where('state', '!=', 'stopped')
      .where('revoked', 'is', null)
      .where('id', 'not in', ownAgents(store.db))
      .execute();
    for (const { id, state, last_seen } of rows) {
      if (this.#roster.has(id)) continue;
      const entry = this.#entry(id);
      entry.seen = Date.parse(last_seen);
      if (state !== 'silent') continue;
      entry.isSilent = true;
      entry.heard -= Math.max(0, clock() - entry.seen);
      this.#flaps.told(id, this.#rosterAt);
    }
  }
}
