import { Correlator } from './correlate/correlator.ts';
import type { CorrelationHit } from './correlate/hit.ts';
import type { RuleEvent } from './match/event.ts';
import type { Rule } from './parse/metadata.ts';
import type { RuleSet } from './ruleset.ts';

/** A rule that raises an alert: a detection, or a correlation with what it counted. */
export interface Hit {
  readonly rule: Rule;
  readonly correlation: CorrelationHit | null;
}

/** A rule that matches or fires, whether it raises an alert or is there for correlations only. */
export interface Sighting extends Hit {
  readonly alerts: boolean;
}

const NOTHING: readonly Hit[] = Object.freeze([]);

/** Rules at work on a stream of events, with what their correlations remember. */
export class RuleStream {
  #set: RuleSet;
  #correlator: Correlator;

  constructor(set: RuleSet) {
    this.#set = set;
    this.#correlator = new Correlator(set.correlations);
  }

  /** What memory of correlations was given up to stay within its limits. */
  get evicted(): Correlator['evicted'] {
    return this.#correlator.evicted;
  }

  /**
   * Takes the next event, in order of arrival.
   * @param time milliseconds since the epoch, of the event
   */
  take(event: RuleEvent, time: number): readonly Hit[] {
    const matched = this.#set.match(event);
    if (matched.length === 0) return NOTHING;
    const { silent } = this.#set;
    const hits: Hit[] = matched.flatMap((rule) => (silent.has(rule) ? [] : [{ rule, correlation: null }]));
    for (const correlation of this.#correlator.receive(matched, event, time)) {
      if (!silent.has(correlation.rule)) hits.push({ rule: correlation.rule, correlation });
    }
    return hits;
  }

  /** As `take`, but tells of the rules that raise no alert of their own, too. */
  takeAll(event: RuleEvent, time: number): readonly Sighting[] {
    const matched = this.#set.match(event);
    const { silent } = this.#set;
    const fired = matched.length === 0 ? [] : this.#correlator.receive(matched, event, time);
    return [
      ...matched.map((rule) => ({ rule, correlation: null, alerts: !silent.has(rule) })),
      ...fired.map((correlation) => ({
        rule: correlation.rule,
        correlation,
        alerts: !silent.has(correlation.rule),
      })),
    ];
  }

  /** Goes on with other rules. Correlations that stayed the same keep what they remember. */
  replace(set: RuleSet): void {
    const correlator = new Correlator(set.correlations);
    correlator.adopt(this.#correlator);
    this.#set = set;
    this.#correlator = correlator;
  }
}
