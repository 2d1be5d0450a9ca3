import { numberOf } from '../compile/number.ts';
import { RuleError } from '../errors.ts';
import { MAX_CORRELATION_FIELDS, MAX_NAME_LENGTH } from '../limits.ts';
import { type Condition, parseCondition } from './condition.ts';
import type { MapEntry, MapNode, RuleNode } from './document.ts';

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'temporal',
  'temporal_ordered',
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];

const OPERATORS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;
export interface Bound {
  readonly operator: (typeof OPERATORS)[number];
  readonly value: number;
}

/** When a correlation fires. */
export type CorrelationCondition =
  /** All bounds hold for what the type counts or computes; `fields` is empty where it counts events or rules. */
  | {
      readonly kind: 'bounds';
      readonly bounds: readonly Bound[];
      readonly fields: readonly string[];
      /** 0 to 100, of `value_percentile`; null: the share of the event's own value. */
      readonly percentile: number | null;
    }
  /** All referenced rules were seen. */
  | { readonly kind: 'all' }
  /** Over the references as they are written. */
  | { readonly kind: 'expression'; readonly expression: Condition };

/** A name that a correlation uses, and where. */
export interface RuleReference {
  /** Id, name or title of a rule, as written. */
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

export function invalid(message: string, line: number): RuleError {
  return new RuleError('RULE_CORRELATION_INVALID', message, { line });
}

export function nameOf({ name }: RuleReference): string {
  return name;
}

export function isTemporal(type: CorrelationType): boolean {
  return type === 'temporal' || type === 'temporal_ordered';
}

/** A list of texts, or one text; empty where the key is absent. */
export function readNames(entry: MapEntry | undefined, key: string, limit: number): readonly RuleReference[] {
  if (entry === undefined) return [];
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  if (items.length > limit) throw invalid(`\`${key}\` holds more than ${limit} entries`, entry.line);
  return items.map((item) => ({ name: readName(item, key), line: item.line }));
}

export function readName(node: RuleNode, key: string): string {
  const fits = node.kind === 'scalar' && node.value !== null && node.source.trim() !== '';
  if (!fits) throw invalid(`\`${key}\` must hold texts`, node.line);
  if (node.source.length > MAX_NAME_LENGTH) {
    throw invalid(`an entry of \`${key}\` is longer than ${MAX_NAME_LENGTH} characters`, node.line);
  }
  return node.source;
}

/**
 * Reads `condition`.
 * @param names the references, as written
 * @param line of `correlation`
 * @throws RuleError `RULE_CORRELATION_INVALID`, and `RULE_CONDITION_*` for a condition as text
 */
export function readCondition(
  entry: MapEntry | undefined,
  type: CorrelationType,
  names: readonly string[],
  line: number,
): CorrelationCondition {
  if (entry === undefined) {
    if (isTemporal(type)) return { kind: 'all' };
    throw invalid('the correlation has no `condition`', line);
  }
  const { value } = entry;
  if (value.kind === 'map') return readBounds(value, type);
  if (value.kind !== 'scalar' || typeof value.value !== 'string') {
    throw invalid('`condition` must be a map, or text of a temporal correlation', entry.line);
  }
  if (!isTemporal(type)) throw invalid(`the condition of ${type} must be a map`, entry.line);
  return { kind: 'expression', expression: parseCondition(value.source, names, value.line) };
}

function readBounds(node: MapNode, type: CorrelationType): CorrelationCondition {
  const bounds: Bound[] = [];
  for (const [key, entry] of node.entries) {
    const operator = OPERATORS.find((each) => each === key);
    if (operator !== undefined) bounds.push({ operator, value: readBound(entry, key, type) });
    else if (key !== 'field' && key !== 'percentile')
      throw invalid(`a condition has no \`${key}\``, entry.line);
  }
  if (bounds.length === 0) throw invalid(`the condition needs one of ${OPERATORS.join(', ')}`, node.line);
  return {
    kind: 'bounds',
    bounds,
    fields: readFields(node, type),
    percentile: readPercentile(node.entries.get('percentile'), type),
  };
}

function readBound(entry: MapEntry, key: string, type: CorrelationType): number {
  const number = readNumber(entry, key);
  const counts = type === 'event_count' || type === 'value_count' || isTemporal(type);
  if (counts && !Number.isSafeInteger(number)) throw invalid(`\`${key}\` must be a whole number`, entry.line);
  return number;
}

function readNumber({ value, line }: MapEntry, key: string): number {
  const number = value.kind === 'scalar' ? numberOf(value.value) : undefined;
  if (number === undefined || !Number.isFinite(number)) throw invalid(`\`${key}\` must be a number`, line);
  return number;
}

function readFields(node: MapNode, type: CorrelationType): readonly string[] {
  const entry = node.entries.get('field');
  const needed = type.startsWith('value_');
  if (entry === undefined) {
    if (needed) throw invalid(`the condition of ${type} needs \`field\``, node.line);
    return [];
  }
  if (!needed) throw invalid(`the condition of ${type} has no \`field\``, entry.line);
  const names = readNames(entry, 'field', type === 'value_count' ? MAX_CORRELATION_FIELDS : 1);
  if (names.length === 0) throw invalid('`field` is empty', entry.line);
  return names.map(nameOf);
}

function readPercentile(entry: MapEntry | undefined, type: CorrelationType): number | null {
  if (entry === undefined) return null;
  if (type !== 'value_percentile') throw invalid('only value_percentile has a `percentile`', entry.line);
  const percentile = readNumber(entry, 'percentile');
  if (percentile < 0 || percentile > 100) throw invalid('`percentile` must be from 0 to 100', entry.line);
  return percentile;
}
