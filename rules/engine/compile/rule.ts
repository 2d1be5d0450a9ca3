import type { Condition } from '../parse/condition.ts';
import type { MapEntry } from '../parse/document.ts';
import type { ParsedFilter } from '../parse/filter.ts';
import type { Rule } from '../parse/metadata.ts';
import type { ParsedRule } from '../parse/rule.ts';
import type { RuleContext } from './context.ts';
import { compileDetection, type Detection } from './detection.ts';
import { type EventTest, every, not, type Predicate, some, unindexed } from './predicate.ts';

/** Detections under a condition: of a rule, or of a filter. */
export interface Search extends Predicate {
  readonly title: string;
  /** As written. */
  readonly condition: string;
  readonly detections: readonly Detection[];
}

/** A rule with the test that its detections, its condition and the filters on it became. */
export interface CompiledRule extends Predicate {
  readonly rule: Rule;
  /** Its number among the rules of the set. */
  readonly place: number;
  readonly search: Search;
  readonly filters: readonly Search[];
  /** Where it holds; null for everywhere. */
  readonly scope: EventTest | null;
}

interface Searchable {
  readonly detections: ReadonlyMap<string, MapEntry>;
  readonly condition: Condition;
  readonly conditionText: string;
}

/**
 * Compiles all detections of a rule, also those the condition does not name, so that a fault in them is found.
 * @param scope what a rule must hold beside itself, or undefined
 * @throws RuleError
 */
export function compileRule(
  parsed: ParsedRule,
  filters: readonly Search[],
  context: RuleContext,
  place: number,
  scope?: Predicate,
): CompiledRule {
  const search = compileSearch(parsed.rule.title, parsed, context);
  const parts = [...(scope === undefined ? [] : [scope]), search, ...filters];
  return { rule: parsed.rule, place, search, filters, scope: scope?.test ?? null, ...every(parts) };
}

/** Compiles what a filter adds to the rules that it names. @throws RuleError */
export function compileFilter(parsed: ParsedFilter, context: RuleContext): Search {
  return compileSearch(parsed.title, parsed, context);
}

function compileSearch(title: string, searchable: Searchable, context: RuleContext): Search {
  const detections = Array.from(searchable.detections, ([name, entry]) =>
    compileDetection(name, entry, context),
  );
  const byName = new Map(detections.map((detection) => [detection.name, detection]));
  const { test, requirement } = compileCondition(searchable.condition, byName);
  return { title, condition: searchable.conditionText, detections, test, requirement };
}

function compileCondition(condition: Condition, detections: ReadonlyMap<string, Predicate>): Predicate {
  if (condition.kind === 'identifier') return detections.get(condition.name) ?? unindexed(() => false);
  if (condition.kind === 'not') return not(compileCondition(condition.operand, detections));
  const operands = condition.operands.map((operand) => compileCondition(operand, detections));
  return condition.kind === 'and' ? every(operands) : some(operands);
}
