import { RuleError } from '../errors.ts';
import { type Condition, parseCondition } from './condition.ts';
import type { MapEntry, MapNode, RuleNode } from './document.ts';
import { parseLogsource } from './logsource.ts';
import { type Rule, readMetadata } from './metadata.ts';

export interface ParsedRule {
  readonly rule: Rule;
  readonly line: number;
  /** The id as written. */
  readonly id: string | null;
  /** Search identifiers in the order of the file. */
  readonly detections: ReadonlyMap<string, MapEntry>;
  readonly condition: Condition;
}

/**
 * Reads one document as a Sigma rule (specification 2.1). Unknown top-level keys are custom attributes.
 * @param index 0-based place of the document in its file
 * @throws RuleError
 */
export function parseRule(node: RuleNode, path: string, index: number): ParsedRule {
  if (node.kind !== 'map') {
    throw new RuleError('RULE_DOCUMENT_INVALID', 'a rule must be a YAML map', { line: node.line });
  }
  refuseOtherKinds(node);
  const logsource = parseLogsource(node.entries.get('logsource'));
  const { detections, condition } = parseDetection(node);
  const { writtenId, ...metadata } = readMetadata(node, path, index);
  const rule: Rule = { ...metadata, kind: 'detection', logsource };
  return { rule, line: node.line, id: writtenId, detections, condition };
}

function refuseOtherKinds(node: MapNode): void {
  const refuse = (key: string, code: RuleError['code'], message: string): void => {
    const entry = node.entries.get(key);
    if (entry !== undefined) throw new RuleError(code, message, { line: entry.line });
  };
  refuse('correlation', 'RULE_CORRELATION_INVALID', 'correlation rules are not supported yet');
  refuse('filter', 'RULE_FILTER_INVALID', 'filter rules are not supported yet');
  refuse('action', 'RULE_COLLECTION_INVALID', 'rule collections (`action`) are not part of Sigma 2');
}

function parseDetection(node: MapNode): Pick<ParsedRule, 'detections' | 'condition'> {
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
  return { detections, condition: parsed };
}

/** A list of conditions matches where one of them does (specification 2.1, "Condition"). */
function readCondition(entry: MapEntry, identifiers: readonly string[]): Condition {
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const operands = nodes.map((node) => {
    if (node.kind !== 'scalar' || node.value === null) {
      throw new RuleError('RULE_CONDITION_INVALID', 'a condition must be text', { line: node.line });
    }
    return parseCondition(node.source, identifiers, node.line);
  });
  const [first] = operands;
  if (first === undefined) {
    throw new RuleError('RULE_CONDITION_INVALID', 'the list of conditions is empty', { line: entry.line });
  }
  return operands.length === 1 ? first : { kind: 'or', operands };
}
