import { RuleError } from '../errors.ts';
import type { Condition } from './condition.ts';
import type { MapEntry, MapNode } from './document.ts';
import { type Logsource, parseLogsource } from './logsource.ts';
import { readMetadata } from './metadata.ts';
import { readCondition } from './rule.ts';

/** A Sigma filter: what must hold, too, for the rules that it names to match. */
export interface ParsedFilter {
  readonly title: string;
  readonly path: string;
  readonly line: number;
  readonly logsource: Logsource;
  /** Ids, names or titles of rules; null for every rule of the log source. */
  readonly references: readonly string[] | null;
  readonly detections: ReadonlyMap<string, MapEntry>;
  readonly condition: Condition;
  readonly conditionText: string;
}

/**
 * Reads a filter (Sigma filters specification 2.1; `rules: any` of 2.2). The condition is taken as it is written: what
 * it is true for stays, so that a filter of known good events reads `not selection`. A missing `logsource` stands for
 * all rules.
 * @param index 0-based place of the document in its file
 * @throws RuleError `RULE_FILTER_INVALID`, `RULE_CONDITION_*`, `RULE_LOGSOURCE_INVALID`, `RULE_FIELD_INVALID`
 */
export function parseFilter(node: MapNode, path: string, index: number): ParsedFilter {
  const entry = node.entries.get('filter');
  if (entry === undefined || entry.value.kind !== 'map') {
    throw invalid('`filter` must be a map', entry?.line ?? node.line);
  }
  const detections = new Map(entry.value.entries);
  const condition = detections.get('condition');
  const rules = detections.get('rules');
  detections.delete('condition');
  detections.delete('rules');
  if (condition === undefined) throw invalid('the filter has no `condition`', entry.line);
  if (rules === undefined) throw invalid('the filter has no `rules`', entry.line);
  if (detections.size === 0) throw invalid('the filter has no selection', entry.line);
  return {
    title: readMetadata(node, path, index).title,
    path,
    line: node.line,
    logsource: parseLogsource(node.entries.get('logsource')),
    references: readReferences(rules),
    detections,
    ...readCondition(condition, [...detections.keys()]),
  };
}

/** `any`, `all` or an empty list: every rule. */
function readReferences(entry: MapEntry): readonly string[] | null {
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  const references = nodes.map((node) => {
    if (node.kind === 'scalar' && node.value !== null) return node.source;
    throw invalid('`rules` of a filter must be names of rules, or `any`', entry.line);
  });
  const isAny = entry.value.kind === 'scalar' && /^(?:any|all)$/i.test(references[0] ?? '');
  return isAny || references.length === 0 ? null : references;
}

function invalid(message: string, line: number): RuleError {
  return new RuleError('RULE_FILTER_INVALID', message, { line });
}
