import type { Explanation, Rule, RuleEvent, RuleSet } from '../../rules/engine/index.ts';

type Correlation = RuleSet['correlations'][number];
type Values = Readonly<Record<string, RuleEvent['fields'][string] | null>>;

/** A rule that a correlation refers to, against one event. */
interface MemberExplanation {
  readonly reference: string;
  readonly rule: string;
  readonly name: string;
  /** Whether the rule matches the event; of a correlation: whether the event counts for it. */
  readonly matched: boolean;
  /** What the event has in the fields that the correlation groups by; null for what it lacks. */
  readonly group: Values;
  /** The same of the fields whose values it counts or computes with. */
  readonly values: Values;
}

/** What a correlation makes of one event. */
export interface CorrelationExplanation {
  readonly rule: Rule;
  /** Whether the event counts for it. */
  readonly matched: boolean;
  readonly counts: Pick<
    Correlation['definition'],
    'type' | 'condition' | 'groupBy' | 'timespanMs' | 'window' | 'gapMs'
  >;
  readonly members: readonly MemberExplanation[];
}

/** Which rules of a correlation match an event, and what it counts of it. */
export function explainCorrelation(
  { rule, definition, members }: Correlation,
  set: RuleSet,
  event: RuleEvent,
): CorrelationExplanation {
  const { type, condition, groupBy, timespanMs, window, gapMs } = definition;
  const matched = matchedRules(set, event);
  const fields = condition.kind === 'bounds' ? condition.fields : [];
  const explained = members.map((member) => ({
    reference: member.reference,
    rule: member.rule.id,
    name: member.rule.name,
    matched: matched.has(member.rule),
    group: valuesOf(event, groupBy, member.groupFields),
    values: valuesOf(event, fields, member.valueFields),
  }));
  return {
    rule,
    matched: explained.some((member) => member.matched),
    counts: { type, condition, groupBy, timespanMs, window, gapMs },
    members: explained,
  };
}

/** Why any rule matches an event or does not. */
export type RuleExplanation = Explanation | CorrelationExplanation;

function matchedRules(set: RuleSet, event: RuleEvent): ReadonlySet<Rule> {
  const matched = new Set(set.match(event));
  // Each correlation stands after those that it refers to.
  for (const { rule, members } of set.correlations) {
    if (members.some((member) => matched.has(member.rule))) matched.add(rule);
  }
  return matched;
}

/** Values by the name that the correlation has for them, which an alias can tell apart from the field's. */
function valuesOf(event: RuleEvent, names: readonly string[], fields: readonly string[]): Values {
  const own = names.map((name, at) => {
    const field = fields[at] ?? name;
    return [name, Object.hasOwn(event.fields, field) ? (event.fields[field] ?? null) : null] as const;
  });
  return Object.fromEntries(own);
}
