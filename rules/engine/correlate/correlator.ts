import {
  MAX_ALL_GROUPS,
  MAX_CORRELATION_ENTRIES,
  MAX_CORRELATION_GROUPS,
  MAX_GROUP_ENTRIES,
} from '../limits.ts';
import type { RuleEvent } from '../match/event.ts';
import type { Rule } from '../parse/metadata.ts';
import { EventClock } from './clock.ts';
import type { Group } from './group.ts';
import { Groups } from './groups.ts';
import { type CorrelationHit, describeHit, enrich } from './hit.ts';
import { type Datum, type Measure, measureOf } from './measure.ts';
import type { Correlation } from './resolution.ts';
import { tallyOf } from './tally.ts';
import { keyOf } from './token.ts';
import { placesOf, type Verdict, verdictOf } from './verdict.ts';
import type { Window, WindowShape } from './window.ts';

export type { CorrelationHit } from './hit.ts';

/** How much a correlator holds in memory. */
export interface CorrelatorLimits {
  /** Groups of one correlation. */
  readonly groups: number;
  /** Entries in the window of one group. */
  readonly entries: number;
  /** Entries of all correlations. */
  readonly total: number;
  /** Groups of all correlations. */
  readonly totalGroups: number;
}

const LIMITS: CorrelatorLimits = {
  groups: MAX_CORRELATION_GROUPS,
  entries: MAX_GROUP_ENTRIES,
  total: MAX_CORRELATION_ENTRIES,
  totalGroups: MAX_ALL_GROUPS,
};

/** What one correlation knows and needs while events come. */
interface Station {
  readonly correlation: Correlation;
  readonly shape: WindowShape;
  readonly measure: Measure;
  readonly verdict: Verdict;
  groups: Groups;
}

/** An event, or the hit of another correlation, on its way to one correlation. */
interface Signal {
  readonly event: RuleEvent;
  /** Ascending places of the members that it matched. */
  readonly members: readonly number[];
}

/** The part of a signal that falls into one group. */
interface Share {
  readonly members: number[];
  readonly datum: Datum;
}

const NO_HITS: readonly CorrelationHit[] = [];

/**
 * Follows the events of correlations over time. It has no timer: time is what events say, and what is idle leaves
 * memory while other events come. What the limits push out early is counted in `evicted`.
 */
export class Correlator {
  readonly #stations: readonly Station[];
  readonly #targets: ReadonlyMap<Rule, readonly (readonly [station: number, member: number])[]>;
  readonly #limits: CorrelatorLimits;
  readonly #evicted = { groups: 0, entries: 0 };
  #clock = new EventClock();
  #entries = 0;
  #groups = 0;
  #swept = 0;

  /** @param correlations as `resolveCorrelations` returns them: each after those that it refers to */
  constructor(correlations: readonly Correlation[], limits: Partial<CorrelatorLimits> = {}) {
    this.#stations = correlations.map(openStation);
    this.#targets = targetsOf(correlations);
    this.#limits = { ...LIMITS, ...limits };
  }

  /** What was forgotten before its time because a limit was met: whole groups, and all entries. */
  get evicted(): { readonly groups: number; readonly entries: number } {
    return { ...this.#evicted };
  }

  /** What is held in memory. */
  get held(): { readonly groups: number; readonly entries: number } {
    return { groups: this.#groups, entries: this.#entries };
  }

  /**
   * Takes in an event and the rules that it matched. A correlation fires on each event for which its condition
   * holds; one that fires is an event for those that refer to it.
   * @param matched rules by identity: the objects that the correlations were resolved with
   * @param time milliseconds of Unix time; it may go back
   * @returns hits, each after those that led to it
   */
  receive(matched: readonly Rule[], event: RuleEvent, time: number): readonly CorrelationHit[] {
    if (this.#stations.length === 0 || !Number.isFinite(time)) return NO_HITS;
    const now = this.#clock.advance(time);
    this.#sweep(now);
    const pending = new Map<number, Signal[]>();
    this.#send(matched, event, pending);
    if (pending.size === 0) return NO_HITS;
    const hits: CorrelationHit[] = [];
    for (let index = first(pending); index !== undefined; index = first(pending)) {
      const signals = pending.get(index) ?? [];
      pending.delete(index);
      for (const signal of signals) {
        for (const hit of this.#take(index, signal, time, now)) {
          hits.push(hit);
          if (this.#targets.has(hit.rule)) this.#send([hit.rule], enrich(signal.event, hit), pending);
        }
      }
    }
    return hits;
  }

  /**
   * Takes over the windows of those correlations of `old` whose definition is the same, after rules were loaded
   * anew. `old` must not be used afterwards.
   */
  adopt(old: Correlator): void {
    const known = new Map(old.#stations.map((station) => [fingerprint(station.correlation), station]));
    for (const station of this.#stations) {
      const print = fingerprint(station.correlation);
      const former = known.get(print);
      if (former === undefined) continue;
      known.delete(print);
      station.groups = former.groups;
      former.groups = new Groups(former.shape);
    }
    this.#clock = old.#clock;
    this.#evicted.groups += old.#evicted.groups;
    this.#evicted.entries += old.#evicted.entries;
    this.#entries = this.#stations.reduce((sum, { groups }) => sum + groups.entries, 0);
    this.#groups = this.#stations.reduce((sum, { groups }) => sum + groups.count, 0);
    for (const { groups } of this.#stations) while (groups.count > this.#limits.groups) this.#evict(groups);
    this.#relieve(undefined);
  }

  #send(matched: readonly Rule[], event: RuleEvent, pending: Map<number, Signal[]>): void {
    const members = new Map<number, Set<number>>();
    for (const rule of matched) {
      for (const [station, member] of this.#targets.get(rule) ?? []) {
        const known = members.get(station);
        if (known === undefined) members.set(station, new Set([member]));
        else known.add(member);
      }
    }
    for (const [station, places] of members) {
      const signal = { event, members: [...places].sort((one, other) => one - other) };
      const waiting = pending.get(station);
      if (waiting === undefined) pending.set(station, [signal]);
      else waiting.push(signal);
    }
  }

  #take(index: number, signal: Signal, time: number, now: number): readonly CorrelationHit[] {
    const station = this.#stations[index];
    if (station === undefined) return NO_HITS;
    const hits: CorrelationHit[] = [];
    for (const [key, share] of sharesOf(station, signal)) {
      const group = this.#open(station.groups, key, now);
      const window = this.#record(group, time, share);
      const value = window === undefined ? undefined : station.verdict(window, share.datum);
      if (window === undefined || value === undefined) continue;
      hits.push(
        describeHit(
          station.correlation,
          signal.event,
          share.members[0] ?? 0,
          window,
          value,
          group.fire(time),
        ),
      );
    }
    return hits;
  }

  #open(groups: Groups, key: string, now: number): Group {
    if (!groups.has(key)) {
      while (groups.count > 0 && groups.count >= this.#limits.groups) this.#evict(groups);
      this.#groups += 1;
    }
    return groups.touch(key, now);
  }

  /** @returns the window that the entry went into; undefined where its window is over */
  #record(group: Group, time: number, { members, datum }: Share): Window | undefined {
    const before = group.size;
    const window = group.windowAt(time);
    const added = window.add({ time, members, datum });
    let over = window.size - this.#limits.entries;
    for (; over > 0; over -= 1) {
      window.shift();
      this.#evicted.entries += 1;
    }
    this.#entries += group.size - before;
    this.#relieve(group);
    return added ? window : undefined;
  }

  /** Keeps the limits of all correlations: the group that waits longest goes first, `current` last. */
  #relieve(current: Group | undefined): void {
    while (this.#entries > this.#limits.total || this.#groups > this.#limits.totalGroups) {
      let longest: Groups | undefined;
      let since = Number.POSITIVE_INFINITY;
      for (const { groups } of this.#stations) {
        const { oldest } = groups;
        if (oldest === undefined || oldest === current || oldest.touched >= since) continue;
        longest = groups;
        since = oldest.touched;
      }
      if (longest !== undefined) this.#evict(longest);
      else if (!this.#shorten(current)) return;
    }
  }

  #shorten(group: Group | undefined): boolean {
    if (group === undefined || !group.shift()) return false;
    this.#entries -= 1;
    this.#evicted.entries += 1;
    return true;
  }

  #evict(groups: Groups): void {
    const entries = groups.drop();
    this.#entries -= entries;
    this.#groups -= 1;
    this.#evicted.groups += 1;
    this.#evicted.entries += entries;
  }

  /** One correlation each time, so that an event costs the same however many there are. */
  #sweep(now: number): void {
    this.#swept = (this.#swept + 1) % this.#stations.length;
    const groups = this.#stations[this.#swept]?.groups;
    const before = groups?.count ?? 0;
    this.#entries -= groups?.sweep(now) ?? 0;
    this.#groups -= before - (groups?.count ?? 0);
  }
}

function openStation(correlation: Correlation): Station {
  const { definition, members } = correlation;
  const { timespanMs, window, gapMs } = definition;
  const places = placesOf(correlation);
  const shape = { timespanMs, window, gapMs, members: members.length, tally: tallyOf(definition), places };
  const measure = measureOf(definition);
  return { correlation, shape, measure, verdict: verdictOf(correlation), groups: new Groups(shape) };
}

function targetsOf(
  correlations: readonly Correlation[],
): ReadonlyMap<Rule, readonly (readonly [station: number, member: number])[]> {
  const targets = new Map<Rule, (readonly [number, number])[]>();
  for (const [station, { members }] of correlations.entries()) {
    for (const [member, { rule }] of members.entries()) {
      const known = targets.get(rule);
      if (known === undefined) targets.set(rule, [[station, member]]);
      else known.push([station, member]);
    }
  }
  return targets;
}

/** The pending correlation that comes first: all that it refers to are done by then. */
function first(pending: ReadonlyMap<number, unknown>): number | undefined {
  let lowest: number | undefined;
  for (const index of pending.keys()) if (lowest === undefined || index < lowest) lowest = index;
  return lowest;
}

/** By group: with aliases, an event that matches several rules can fall into several. */
function sharesOf({ correlation, measure }: Station, { event, members }: Signal): ReadonlyMap<string, Share> {
  const shares = new Map<string, Share>();
  for (const place of members) {
    const member = correlation.members[place];
    const datum = member === undefined ? undefined : measure(event, member);
    if (member === undefined || datum === undefined) continue;
    const key = keyOf(event, member.groupFields);
    const known = shares.get(key);
    if (known === undefined) shares.set(key, { members: [place], datum });
    else known.members.push(place);
  }
  return shares;
}

/** The same for correlations that can go on with each other's windows. */
function fingerprint({ rule, definition, members }: Correlation): string {
  const { type, groupBy, timespanMs, window, gapMs, condition } = definition;
  const known = members.map((member) => [
    member.reference,
    member.rule.id,
    member.groupFields,
    member.valueFields,
  ]);
  return JSON.stringify([rule.id, rule.name, type, known, groupBy, timespanMs, window, gapMs, condition]);
}
