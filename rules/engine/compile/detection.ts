import { RuleError } from '../errors.ts';
import type { Condition } from '../parse/condition.ts';
import type { MapEntry, RuleNode, ScalarNode } from '../parse/document.ts';
import type { Rule } from '../parse/metadata.ts';
import type { ParsedRule } from '../parse/rule.ts';
import { compileField, compileKeywords, type EventTest } from './field.ts';

/** A rule with the test that its detections and condition became. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly test: EventTest;
}

/**
 * Compiles all detections of a rule, also those the condition does not name, so that a fault in them is found.
 * @throws RuleError
 */
export function compileRule(parsed: ParsedRule): CompiledRule {
  const tests = new Map<string, EventTest>();
  for (const [name, entry] of parsed.detections) tests.set(name, compileDetection(name, entry));
  return { rule: parsed.rule, test: compileCondition(parsed.condition, tests) };
}

function compileCondition(condition: Condition, tests: ReadonlyMap<string, EventTest>): EventTest {
  if (condition.kind === 'identifier') return tests.get(condition.name) ?? (() => false);
  if (condition.kind === 'not') {
    const operand = compileCondition(condition.operand, tests);
    return (view) => !operand(view);
  }
  const operands = condition.operands.map((operand) => compileCondition(operand, tests));
  return condition.kind === 'and' ? every(operands) : some(operands);
}

function every(tests: readonly EventTest[]): EventTest {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (view) => tests.every((test) => test(view));
}

function some(tests: readonly EventTest[]): EventTest {
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (view) => tests.some((test) => test(view));
}

/** A map: all its fields. A list: one of its items, each a map or a keyword. A scalar: a keyword. */
function compileDetection(name: string, entry: MapEntry): EventTest {
  const node = entry.value;
  if (node.kind === 'map') return compileMap(name, node);
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) throw empty(name, entry.line);
  return some(
    items.map((item) => (item.kind === 'map' ? compileMap(name, item) : compileKeyword(name, item))),
  );
}

function compileMap(name: string, node: RuleNode & { kind: 'map' }): EventTest {
  if (node.entries.size === 0) throw empty(name, node.line);
  return every(Array.from(node.entries, ([key, { value, line }]) => compileField(key, value, line)));
}

function compileKeyword(name: string, node: RuleNode): EventTest {
  if (node.kind === 'scalar' && node.value !== null) return compileKeywords([node satisfies ScalarNode]);
  throw new RuleError('RULE_DETECTION_INVALID', `'${name}' holds what is neither a map nor a keyword`, {
    line: node.line,
  });
}

function empty(name: string, line: number): RuleError {
  return new RuleError('RULE_DETECTION_INVALID', `the detection '${name}' is empty`, { line });
}
