import { numberOf } from '../compile/number.ts';
import type { RuleEvent } from '../match/event.ts';
import type { ParsedCorrelation } from '../parse/correlation.ts';
import type { CorrelationType } from '../parse/correlation-condition.ts';
import type { Member } from './resolution.ts';
import { fieldOf, keyOf, tokensOf, valuesOf } from './token.ts';

/** What a correlation keeps of an event: the values that it counts or computes with. */
export type Datum = readonly (string | number)[];

/** Reads an event of a member; undefined where the event has nothing to count and so takes no part. */
export type Measure = (event: RuleEvent, member: Member) => Datum | undefined;

const NOTHING: Datum = [];

const MEASURES: Readonly<Record<CorrelationType, Measure>> = {
  event_count: () => NOTHING,
  temporal: () => NOTHING,
  temporal_ordered: () => NOTHING,
  value_count: distinct,
  value_sum: numbers,
  value_avg: numbers,
  value_median: numbers,
  value_percentile: numbers,
};

export function measureOf({ type, condition }: ParsedCorrelation): Measure {
  const share = type === 'value_percentile' && condition.kind === 'bounds' && condition.percentile === null;
  return share ? tuple : MEASURES[type];
}

/** Of one field each element of a list is a value; several fields make one value together. */
function distinct(event: RuleEvent, member: Member): Datum | undefined {
  const [field, ...others] = member.valueFields;
  if (field === undefined || others.length > 0) return tuple(event, member);
  const tokens = tokensOf(fieldOf(event, field));
  return tokens.length === 0 ? undefined : tokens;
}

function tuple(event: RuleEvent, { valueFields }: Member): Datum | undefined {
  const whole = valueFields.every((field) => valuesOf(fieldOf(event, field)).length > 0);
  return whole ? [keyOf(event, valueFields)] : undefined;
}

function numbers(event: RuleEvent, { valueFields: [field] }: Member): Datum | undefined {
  const values = field === undefined ? [] : valuesOf(fieldOf(event, field));
  const found = values.map(numberOf).filter((value) => value !== undefined && Number.isFinite(value));
  return found.length === 0 ? undefined : (found as readonly number[]);
}
