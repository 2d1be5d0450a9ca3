import { RuleError } from '../errors.ts';
import { MAX_VALUE_LENGTH } from '../limits.ts';
import type { Cell } from '../match/event.ts';
import type { RuleNode, ScalarNode } from '../parse/document.ts';
import { type Comparison, type Modifiers, type Position, parseModifiers } from '../parse/modifiers.ts';
import type { RuleContext } from './context.ts';
import { needleOf, requiredByOne } from './needle.ts';
import { compileCidr } from './network.ts';
import { compare, numberOf } from './number.ts';
import { expandValue } from './placeholder.ts';
import {
  cellsOf,
  type EventTest,
  every,
  not,
  type Predicate,
  some,
  someCell,
  someText,
  unindexed,
} from './predicate.ts';
import { compileRegex } from './regex.ts';
import { compileText, compileTexts } from './text.ts';
import { timePartOf } from './time.ts';
import type { CellTest } from './value.ts';

/** `Field|modifier…: value(s)`, compiled. */
export interface FieldTest extends Predicate {
  /** As written. */
  readonly key: string;
  /** Of the field in an event; null for keywords, which look at all fields. */
  readonly slot: number | null;
  readonly wanted: readonly string[];
}

/**
 * Compiles `Field|modifier…: value(s)` into a test. An empty field name makes the values keywords, which are
 * searched in the values of all fields.
 * @throws RuleError for unknown modifiers, values that do not fit them, and regular expressions RE2 refuses
 */
export function compileField(key: string, node: RuleNode, line: number, context: RuleContext): FieldTest {
  const [field = '', ...names] = key.split('|');
  const modifiers = parseModifiers(names, line);
  const values = scalarsOf(key, node);
  if (field === '') return compileKeywords(values, context, key, modifiers, line);
  const slot = context.fields.slot(context.mapField(field));
  const wanted = values.map(({ source }) => source);
  const costly = modifiers.kind === 're' || modifiers.kind === 'cidr' || modifiers.kind === 'time';
  return { ...compileValues(values, modifiers, slot, context), key, slot, wanted, costly };
}

/** Compiles keywords: each is searched anywhere in the values of all fields. */
export function compileKeywords(
  values: readonly ScalarNode[],
  context: RuleContext,
  key = '',
  modifiers: Modifiers = parseModifiers([], 1),
  line = 1,
): FieldTest {
  if (modifiers.kind !== 'text' && modifiers.kind !== 're') {
    throw new RuleError('RULE_MODIFIER_CONFLICT', 'these modifiers need a field name', { line });
  }
  const searched: Modifiers = {
    ...modifiers,
    position: modifiers.position === 'equals' ? 'contains' : modifiers.position,
  };
  const wanted = values.map(({ source }) => source);
  return { ...compileValues(values, searched, null, context), key, slot: null, wanted, costly: true };
}

function scalarsOf(key: string, node: RuleNode): readonly ScalarNode[] {
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) {
    throw new RuleError('RULE_VALUE_INVALID', `the list of '${key}' is empty`, { line: node.line });
  }
  return items.map((item) => {
    if (item.kind !== 'scalar') {
      throw new RuleError('RULE_VALUE_INVALID', `a value of '${key}' is a ${item.kind}`, { line: item.line });
    }
    if (item.source.length > MAX_VALUE_LENGTH) {
      throw new RuleError('RULE_VALUE_INVALID', `a value is longer than ${MAX_VALUE_LENGTH} characters`, {
        line: item.line,
      });
    }
    return item;
  });
}

function compileValues(
  values: readonly ScalarNode[],
  modifiers: Modifiers,
  slot: number | null,
  context: RuleContext,
): Predicate {
  const isText = modifiers.kind === 'text' && !modifiers.expand;
  const { tests, others } = isText ? compileTexts(values, modifiers, slot) : { tests: [], others: values };
  const each = others.flatMap((value) => compileValue(value, modifiers, slot, context));
  const combined = modifiers.all ? every([...tests, ...each]) : some([...tests, ...each]);
  return modifiers.negated ? not(combined) : combined;
}

function compileValue(
  value: ScalarNode,
  modifiers: Modifiers,
  slot: number | null,
  context: RuleContext,
): readonly Predicate[] {
  switch (modifiers.kind) {
    case 'text':
      if (modifiers.expand) return expandValue(value, modifiers, slot, context);
      return [compileText(value, modifiers, slot)];
    case 're':
      return [compileExpression(value, modifiers, slot)];
    case 'cidr':
      return [unindexed(someCell(slot, compileNetwork(value)))];
    case 'exists':
      return [unindexed(compileExists(value, slot))];
    case 'fieldref':
      return [unindexed(compileReference(value, modifiers, slot, context))];
    case 'compare':
      return [unindexed(someCell(slot, compileComparison(value, modifiers.comparison)))];
    case 'time':
      return [unindexed(someCell(slot, compileTime(value, modifiers)))];
  }
}

function invalid(value: ScalarNode, message: string): RuleError {
  return new RuleError('RULE_VALUE_INVALID', message, { line: value.line });
}

function compileExpression(value: ScalarNode, modifiers: Modifiers, slot: number | null): Predicate {
  const { test, required } = compileRegex(value, modifiers);
  const predicate = unindexed(someText(slot, test));
  if (required === null) return predicate;
  return {
    ...predicate,
    requirement: requiredByOne(required.map((text) => needleOf(slot, 'anywhere', text))),
  };
}

function compileNetwork(node: ScalarNode): CellTest {
  const contains = typeof node.value === 'string' ? compileCidr(node.value) : undefined;
  if (contains === undefined) throw invalid(node, `'${node.source}' is not a network in CIDR notation`);
  return (cell) => contains(cell.text);
}

function compileExists(node: ScalarNode, slot: number | null): EventTest {
  if (typeof node.value !== 'boolean') throw invalid(node, "'exists' takes true or false");
  return node.value
    ? (view) => cellsOf(view, slot) !== undefined
    : (view) => cellsOf(view, slot) === undefined;
}

function compileReference(
  node: ScalarNode,
  modifiers: Modifiers,
  slot: number | null,
  context: RuleContext,
): EventTest {
  const other = node.value;
  if (typeof other !== 'string' || other === '') throw invalid(node, "'fieldref' takes a field name");
  const otherSlot = context.fields.slot(context.mapField(other));
  const textOf = (cell: Cell): string => (modifiers.cased ? cell.text : cell.folded);
  return (view) => {
    const references = view.cells(otherSlot)?.filter((cell) => cell.value !== null) ?? [];
    return someCell(slot, (cell) =>
      references.some((reference) => placed(textOf(cell), textOf(reference), modifiers.position)),
    )(view);
  };
}

function placed(text: string, part: string, position: Position): boolean {
  switch (position) {
    case 'equals':
      return text === part;
    case 'contains':
      return text.includes(part);
    case 'startswith':
      return text.startsWith(part);
    case 'endswith':
      return text.endsWith(part);
  }
}

function compileComparison(node: ScalarNode, comparison: Comparison | null): CellTest {
  const wanted = numberOf(node.value);
  if (wanted === undefined) throw invalid(node, `'${node.source}' is not a number`);
  return (cell) => {
    const actual = numberOf(cell.value);
    return actual !== undefined && compare(actual, wanted, comparison);
  };
}

function compileTime(node: ScalarNode, { timePart, comparison }: Modifiers): CellTest {
  const wanted = numberOf(node.value);
  if (wanted === undefined || timePart === null) throw invalid(node, `'${node.source}' is not a number`);
  return (cell) => {
    const actual = timePartOf(cell.text, timePart);
    return actual !== undefined && compare(actual, wanted, comparison);
  };
}
