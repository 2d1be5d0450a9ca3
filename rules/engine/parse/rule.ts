import { RuleError } from '../errors.ts';
import { type Condition, parseCondition } from './condition.ts';
import type { MapEntry, MapNode } from './document.ts';
import { parseLogsource } from './logsource.ts';
import { type Rule, readMetadata, readText } from './metadata.ts';

export interface ParsedRule {
  readonly rule: Rule;
  readonly line: number;
  /** The id as written. */
  readonly id: string | null;
  /** Search identifiers in the order of the file. */
  readonly detections: ReadonlyMap<string, MapEntry>;
  readonly condition: Condition;
  /** As written; several, joined by `or`. */
  readonly conditionText: string;
  /** Whose names the fields have; null for Sigma's. */
  readonly taxonomy: string | null;
}

/**
 * Reads one document as a Sigma rule (specification 2.1). Unknown top-level keys are custom attributes.
 * @param index 0-based place of the document in its file
 * @throws RuleError
 */
export function parseRule(node: MapNode, path: string, index: number): ParsedRule {
  const logsource = parseLogsource(node.entries.get('logsource'));
  const searched = parseDetection(node);
  const { writtenId, ...metadata } = readMetadata(node, path, index);
  const rule: Rule = { ...metadata, kind: 'detection', logsource };
  const taxonomy = readText(node, 'taxonomy');
  return { rule, line: node.line, id: writtenId, taxonomy, ...searched };
}

function parseDetection(node: MapNode): Pick<ParsedRule, 'detections' | 'condition' | 'conditionText'> {
  const entry = node.entries.get('detection');
  if (entry === undefined) {
    throw new RuleError('RULE_DETECTION_MISSING', 'the rule has no `detection`', { line: node.line });
  }
  if (entry.value.kind !== 'map') {
    throw new RuleError('RULE_DETECTION_INVALID', '`detection` must be a map', { line: entry.line });
  }
  const detections = new Map(entry.value.entries);
  const condition = detections.get('condition');
  const timeframe = detections.get('timeframe');
  for (const key of ['condition', 'timeframe']) detections.delete(key);
  if (condition === undefined) {
    throw new RuleError('RULE_CONDITION_MISSING', 'the detection has no `condition`', { line: entry.line });
  }
  const parsed = readCondition(condition, [...detections.keys()]);
  if (timeframe !== undefined) {
    throw new RuleError('RULE_AGGREGATION_UNSUPPORTED', '`timeframe` belongs to aggregations of Sigma 1', {
      line: timeframe.line,
    });
  }
  return { detections, ...parsed };
}

/** A list of conditions matches where one of them does (specification 2.1, "Condition"). @throws RuleError */
export function readCondition(
  entry: MapEntry,
  identifiers: readonly string[],
): Pick<ParsedRule, 'condition' | 'conditionText'> {
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const texts: string[] = [];
  const operands = nodes.map((node) => {
    if (node.kind !== 'scalar' || node.value === null) {
      throw new RuleError('RULE_CONDITION_INVALID', 'a condition must be text', { line: node.line });
    }
    texts.push(node.source);
    return parseCondition(node.source, identifiers, node.line);
  });
  const [first] = operands;
  if (first === undefined) {
    throw new RuleError('RULE_CONDITION_INVALID', 'the list of conditions is empty', { line: entry.line });
  }
  const [text = ''] = texts;
  if (operands.length === 1) return { condition: first, conditionText: text };
  return {
    condition: { kind: 'or', operands },
    conditionText: texts.map((each) => `(${each})`).join(' or '),
  };
}
