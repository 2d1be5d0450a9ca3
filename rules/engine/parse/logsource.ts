import { RuleError } from '../errors.ts';
import type { MapEntry, MapNode } from './document.ts';

/** Where an event comes from (Sigma specification 2.1, "Log Source"). */
export interface Logsource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

const KEYS = ['category', 'product', 'service'] as const;

/**
 * Reads `logsource`. Keys beyond category, product and service (`definition`, custom ones) are for people.
 * @throws RuleError `RULE_LOGSOURCE_INVALID`
 */
export function parseLogsource(entry: MapEntry | undefined): Logsource {
  if (entry === undefined) return {};
  const node = entry.value;
  if (node.kind !== 'map') {
    throw new RuleError('RULE_LOGSOURCE_INVALID', '`logsource` must be a map', { line: entry.line });
  }
  const found = KEYS.flatMap((key) => readKey(node, key));
  return Object.fromEntries(found);
}

function readKey(node: MapNode, key: (typeof KEYS)[number]): readonly (readonly [string, string])[] {
  const entry = node.entries.get(key);
  if (entry === undefined) return [];
  if (entry.value.kind === 'scalar') {
    if (entry.value.value === null) return [];
    if (typeof entry.value.value === 'string') return [[key, entry.value.value]];
  }
  throw new RuleError('RULE_LOGSOURCE_INVALID', `\`logsource.${key}\` must be text`, { line: entry.line });
}

/** True where each key of the rule equals the event's, or where the event carries no logsource. */
export function logsourceApplies(rule: Logsource, event: Logsource | undefined): boolean {
  if (event === undefined) return true;
  return KEYS.every((key) => {
    const wanted = rule[key];
    return wanted === undefined || wanted.toLowerCase() === event[key]?.toLowerCase();
  });
}
