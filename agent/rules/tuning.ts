import type { RuleAdjustment, RuleSource } from '../../rules/engine/index.ts';
import { filterText, type RuleSettings } from './settings.ts';

/** A change or exception of the config that ends. */
export interface Ending {
  /** Where it stands in the config, e.g. `exceptions[0]`. */
  readonly place: string;
  /** The rule that is changed, or the title of the filter. */
  readonly about: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** What the config changes about rules at one moment. */
export interface Tuning {
  readonly adjustments: readonly RuleAdjustment[];
  /** Sigma filters. */
  readonly exceptions: readonly RuleSource[];
  /** Ended by now, in the order of the config. */
  readonly ended: readonly Ending[];
  /** Still to end, the next one first. */
  readonly ending: readonly Ending[];
}

/** What counts at a time in milliseconds since the epoch: an entry no longer does at the moment at which it ends. */
export function tuningAt(settings: RuleSettings, now: number): Tuning {
  const changes = settings.rule_changes.map((entry, index) => ({
    ending: endingOf(`rule_changes[${index}]`, entry.rule, entry),
    adjustment: adjustmentOf(entry),
  }));
  const exceptions = settings.exceptions.map((entry, index) => {
    const place = `exceptions[${index}]`;
    return {
      ending: endingOf(place, String(entry.filter['title'] ?? place), entry),
      source: { path: `agent.yml: ${place}`, text: filterText(entry.filter) },
    };
  });
  const isOver = ({ ending }: { readonly ending: Ending | null }) => ending !== null && ending.until <= now;
  const endings = [...changes, ...exceptions].flatMap(({ ending }) => ending ?? []);
  return {
    adjustments: changes.filter((each) => !isOver(each)).map(({ adjustment }) => adjustment),
    exceptions: exceptions.filter((each) => !isOver(each)).map(({ source }) => source),
    ended: endings.filter(({ until }) => until <= now),
    ending: endings.filter(({ until }) => until > now).sort((a, b) => a.until - b.until),
  };
}

function adjustmentOf({ rule, disable, level }: RuleSettings['rule_changes'][number]): RuleAdjustment {
  return { rule, ...(disable === undefined ? {} : { disable }), ...(level === undefined ? {} : { level }) };
}

function endingOf(
  place: string,
  about: string,
  { until, reason }: { readonly until?: string | undefined; readonly reason: string },
): Ending | null {
  return until === undefined ? null : { place, about, reason, until: Date.parse(until) };
}
