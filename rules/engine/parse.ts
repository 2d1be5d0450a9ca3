import { type Condition, parseCondition } from './condition.ts';
import type { MapEntry, MapNode, RuleNode } from './document.ts';
import { RuleError } from './errors.ts';
import { MAX_NAME_LENGTH } from './limits.ts';
import { type Logsource, parseLogsource } from './logsource.ts';

export const RULE_LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type RuleLevel = (typeof RULE_LEVELS)[number];
const STATUSES = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'] as const;

/** What is known of a rule besides what it detects. */
export interface Rule {
  /** As in the file; the rule's `name` where the file has none. */
  readonly id: string;
  /** `name:`, else the file's name without its ending, numbered from the second document on. */
  readonly name: string;
  readonly title: string;
  readonly level: RuleLevel;
  readonly tags: readonly string[];
  /** The Detection Rule License asks that the author is named wherever a match is shown. */
  readonly author: string | null;
  readonly license: string | null;
  readonly status: (typeof STATUSES)[number] | null;
  readonly description: string | null;
  readonly falsepositives: readonly string[];
  /** What to do on an alert; our own key. */
  readonly runbook: string | null;
  readonly path: string;
  readonly logsource: Logsource;
}

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
  const name = readText(node, 'name') ?? defaultName(path, index);
  const id = readText(node, 'id');
  const rule: Rule = {
    id: id ?? name,
    name,
    title: readText(node, 'title') ?? name,
    level: readChoice(node, 'level', RULE_LEVELS) ?? 'medium',
    tags: readTexts(node, 'tags'),
    author: readAuthor(node),
    license: readText(node, 'license'),
    status: readChoice(node, 'status', STATUSES),
    description: readProse(node, 'description'),
    falsepositives: readTexts(node, 'falsepositives'),
    runbook: readProse(node, 'runbook'),
    path,
    logsource,
  };
  return { rule, line: node.line, id, detections, condition };
}

function refuseOtherKinds(node: MapNode): void {
  const refuse = (key: string, code: RuleError['code'], message: string): void => {
    const entry = node.entries.get(key);
    if (entry !== undefined) throw new RuleError(code, message, { line: entry.line });
  };
  refuse('correlation', 'RULE_CORRELATION_UNSUPPORTED', 'correlation rules are not supported yet');
  refuse('filter', 'RULE_FILTER_UNSUPPORTED', 'filter rules are not supported yet');
  refuse('action', 'RULE_COLLECTION_UNSUPPORTED', 'rule collections (`action`) are not part of Sigma 2');
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

function defaultName(path: string, index: number): string {
  const base = path.split(/[/\\]/).at(-1) ?? path;
  const stem = base.replace(/\.ya?ml$/i, '') || 'rule';
  return index === 0 ? stem : `${stem}_${index + 1}`;
}

function fault(entry: MapEntry, message: string): RuleError {
  return new RuleError('RULE_FIELD_INVALID', message, { line: entry.line });
}

/** Text of any length; null where the key is absent or empty. */
function readProse(node: MapNode, key: string): string | null {
  const entry = node.entries.get(key);
  if (entry === undefined) return null;
  if (entry.value.kind !== 'scalar') throw fault(entry, `\`${key}\` must be text`);
  const text = entry.value.value === null ? '' : entry.value.source.trim();
  return text === '' ? null : text;
}

function readText(node: MapNode, key: string): string | null {
  const text = readProse(node, key);
  const entry = node.entries.get(key);
  if (text !== null && entry !== undefined && text.length > MAX_NAME_LENGTH) {
    throw fault(entry, `\`${key}\` is longer than ${MAX_NAME_LENGTH} characters`);
  }
  return text;
}

function readChoice<T extends string>(node: MapNode, key: string, choices: readonly T[]): T | null {
  const text = readText(node, key)?.toLowerCase() ?? null;
  const entry = node.entries.get(key);
  if (text === null || entry === undefined) return null;
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw fault(entry, `\`${key}\` must be one of ${choices.join(', ')}`);
  return choice;
}

/** A list of texts; a single text counts as a list of one. */
function readTexts(node: MapNode, key: string): readonly string[] {
  const entry = node.entries.get(key);
  if (entry === undefined) return [];
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return items.flatMap((item) => {
    if (item.kind !== 'scalar') throw fault(entry, `\`${key}\` must be a list of texts`);
    return item.value === null ? [] : [item.source];
  });
}

function readAuthor(node: MapNode): string | null {
  const authors = readTexts(node, 'author');
  return authors.length === 0 ? null : authors.join(', ');
}
