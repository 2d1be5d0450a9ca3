import type { Condition } from '../parse/condition.ts';
import type { Bound } from '../parse/correlation-condition.ts';
import type { Datum } from './measure.ts';
import type { Correlation } from './resolution.ts';
import type { Window } from './window.ts';

/** The value that fires, or undefined where the condition does not hold. */
export type Verdict = (window: Window, latest: Datum) => number | undefined;

/** Compiles the condition of a correlation. */
export function verdictOf(correlation: Correlation): Verdict {
  const { condition, type } = correlation.definition;
  const all = correlation.members.length;
  const measured = VALUES[type === 'temporal' || type === 'temporal_ordered' ? type : 'other'];
  if (condition.kind === 'all') {
    return (window, latest) => (measured(window, latest) === all ? all : undefined);
  }
  if (condition.kind === 'bounds') {
    return (window, latest) => {
      const value = measured(window, latest);
      return value !== undefined && condition.bounds.every((bound) => meets(value, bound))
        ? value
        : undefined;
    };
  }
  const holds = compileExpression(condition.expression, correlation);
  if (type === 'temporal') return (window) => (holds(window) ? window.distinct : undefined);
  const ordered = [...orderedMembers(correlation)];
  return (window) => {
    if (!holds(window)) return undefined;
    const seen = ordered.filter((member) => window.saw(member)).length;
    return window.run === seen ? window.distinct : undefined;
  };
}

/**
 * By member its place in the order that a `temporal_ordered` correlation asks for, -1 where its order does not
 * matter: a condition as text asks for the order of the rules that it names without `not`.
 */
export function placesOf(correlation: Correlation): readonly number[] | undefined {
  if (correlation.definition.type !== 'temporal_ordered') return undefined;
  const ordered = orderedMembers(correlation);
  let place = 0;
  return correlation.members.map((_, member) => {
    if (!ordered.has(member)) return -1;
    place += 1;
    return place - 1;
  });
}

const VALUES = {
  temporal: (window) => window.distinct,
  temporal_ordered: (window) => window.run,
  other: (window, latest) => window.value(latest),
} as const satisfies Record<string, Verdict>;

function meets(value: number, { operator, value: bound }: Bound): boolean {
  switch (operator) {
    case 'gt':
      return value > bound;
    case 'gte':
      return value >= bound;
    case 'lt':
      return value < bound;
    case 'lte':
      return value <= bound;
    case 'eq':
      return value === bound;
    case 'neq':
      return value !== bound;
  }
}

function memberOf(name: string, { members }: Correlation): number {
  return members.findIndex(({ reference }) => reference === name);
}

function compileExpression(condition: Condition, correlation: Correlation): (window: Window) => boolean {
  if (condition.kind === 'identifier') {
    const member = memberOf(condition.name, correlation);
    return (window) => window.saw(member);
  }
  if (condition.kind === 'not') {
    const operand = compileExpression(condition.operand, correlation);
    return (window) => !operand(window);
  }
  const operands = condition.operands.map((operand) => compileExpression(operand, correlation));
  if (condition.kind === 'and') return (window) => operands.every((operand) => operand(window));
  return (window) => operands.some((operand) => operand(window));
}

function orderedMembers(correlation: Correlation): ReadonlySet<number> {
  const { condition } = correlation.definition;
  if (condition.kind !== 'expression') return new Set(correlation.members.keys());
  return new Set(affirmed(condition.expression, true).map((name) => memberOf(name, correlation)));
}

/** The names that stand under an even number of `not`. */
function affirmed(condition: Condition, positive: boolean): readonly string[] {
  if (condition.kind === 'identifier') return positive ? [condition.name] : [];
  if (condition.kind === 'not') return affirmed(condition.operand, !positive);
  return condition.operands.flatMap((operand) => affirmed(operand, positive));
}
