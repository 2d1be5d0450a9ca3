import type { FieldScalar } from '../match/event.ts';
import type { Comparison } from '../parse/modifiers.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number that a value is or, as a text, spells in decimal. */
export function numberOf(value: FieldScalar): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !NUMBER.test(value.trim())) return undefined;
  return Number(value);
}

/** Without a comparison: equality. */
export function compare(actual: number, wanted: number, comparison: Comparison | null): boolean {
  switch (comparison) {
    case 'lt':
      return actual < wanted;
    case 'lte':
      return actual <= wanted;
    case 'gt':
      return actual > wanted;
    case 'gte':
      return actual >= wanted;
    case null:
      return actual === wanted;
  }
}
