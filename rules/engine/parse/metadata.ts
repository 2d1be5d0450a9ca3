import { RuleError } from '../errors.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import type { MapEntry, MapNode } from './document.ts';
import type { Logsource } from './logsource.ts';

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
  readonly kind: 'detection' | 'correlation';
  /** Of a correlation: empty. */
  readonly logsource: Logsource;
}

export interface Metadata extends Omit<Rule, 'kind' | 'logsource'> {
  /** The id as written; null where the file has none. */
  readonly writtenId: string | null;
}

/**
 * Reads what every kind of rule says of itself.
 * @param index 0-based place of the document in its file
 * @throws RuleError `RULE_FIELD_INVALID`
 */
export function readMetadata(node: MapNode, path: string, index: number): Metadata {
  const name = readText(node, 'name') ?? defaultName(path, index);
  const writtenId = readText(node, 'id');
  return {
    writtenId,
    id: writtenId ?? name,
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
  };
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

export function readText(node: MapNode, key: string): string | null {
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
export function readTexts(node: MapNode, key: string): readonly string[] {
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
