import { RuleError } from '../errors.ts';
import type { MapEntry, RuleNode, ScalarNode } from '../parse/document.ts';
import type { RuleContext } from './context.ts';
import { compileField, compileKeywords, type FieldTest } from './field.ts';
import { every, type Predicate, some } from './predicate.ts';

/** A search identifier, compiled: one of its alternatives, of each all fields. */
export interface Detection extends Predicate {
  readonly name: string;
  readonly alternatives: readonly (readonly FieldTest[])[];
}

/**
 * A map: all its fields. A list: one of its items, each a map or a keyword. A scalar: a keyword.
 * @throws RuleError
 */
export function compileDetection(name: string, entry: MapEntry, context: RuleContext): Detection {
  const node = entry.value;
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) throw empty(name, entry.line);
  const alternatives = items.map((item) =>
    item.kind === 'map' ? compileMap(name, item, context) : [compileKeyword(name, item, context)],
  );
  return { name, alternatives, ...some(alternatives.map(every)) };
}

function compileMap(
  name: string,
  node: RuleNode & { kind: 'map' },
  context: RuleContext,
): readonly FieldTest[] {
  if (node.entries.size === 0) throw empty(name, node.line);
  return Array.from(node.entries, ([key, { value, line }]) => compileField(key, value, line, context));
}

function compileKeyword(name: string, node: RuleNode, context: RuleContext): FieldTest {
  if (node.kind === 'scalar' && node.value !== null) {
    return compileKeywords([node satisfies ScalarNode], context);
  }
  throw new RuleError('RULE_DETECTION_INVALID', `'${name}' holds what is neither a map nor a keyword`, {
    line: node.line,
  });
}

function empty(name: string, line: number): RuleError {
  return new RuleError('RULE_DETECTION_INVALID', `the detection '${name}' is empty`, { line });
}
