import type { RuleEvent } from '../match/event.ts';
import type { Rule } from '../parse/metadata.ts';
import type { Correlation } from './resolution.ts';
import { fieldOf, textOf } from './token.ts';
import type { Window } from './window.ts';

/** A correlation that fired. */
export interface CorrelationHit {
  readonly rule: Rule;
  /** The values of `group-by`, as the event that made it fire spells them; null for what it does not carry. */
  readonly group: Readonly<Record<string, string | null>>;
  /** What the condition was compared with; rules seen, for a temporal correlation. */
  readonly value: number;
  /** Events in the window that take part. */
  readonly count: number;
  /** Time of the oldest and of the newest of them, in milliseconds of Unix time. */
  readonly first: number;
  readonly last: number;
  /** The names of the rules that they matched, in the order of the correlation. */
  readonly rules: readonly string[];
  /** True where this correlation fired for this group within one timespan before. */
  readonly refire: boolean;
}

/**
 * Tells of a correlation that fires for one group.
 * @param leader place of the member whose fields hold the group's values
 */
export function describeHit(
  { rule, definition, members }: Correlation,
  event: RuleEvent,
  leader: number,
  window: Window,
  value: number,
  refire: boolean,
): CorrelationHit {
  const fields = members[leader]?.groupFields ?? definition.groupBy;
  const group = definition.groupBy.map(
    (name, at) => [name, textOf(fieldOf(event, fields[at] ?? name))] as const,
  );
  return {
    rule,
    group: Object.fromEntries(group),
    value,
    count: window.size,
    first: window.oldest,
    last: window.newest,
    rules: members.filter((_, member) => window.saw(member)).map((member) => member.rule.name),
    refire,
  };
}

/** The event as others see it through a hit: aliases have become fields. */
export function enrich(event: RuleEvent, { group }: CorrelationHit): RuleEvent {
  const added = Object.entries(group).filter(
    ([name, text]) => text !== null && fieldOf(event, name) === undefined,
  );
  return added.length === 0 ? event : { ...event, fields: { ...event.fields, ...Object.fromEntries(added) } };
}
