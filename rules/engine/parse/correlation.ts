import {
  MAX_CORRELATION_FIELDS,
  MAX_CORRELATION_RULES,
  MAX_ORDERED_RULES,
  MAX_TIMESPAN_MS,
  MIN_TIMESPAN_MS,
} from '../limits.ts';
import {
  CORRELATION_TYPES,
  type CorrelationCondition,
  type CorrelationType,
  invalid,
  isTemporal,
  nameOf,
  type RuleReference,
  readCondition,
  readName,
  readNames,
} from './correlation-condition.ts';
import type { MapEntry, MapNode } from './document.ts';
import { type Rule, readMetadata } from './metadata.ts';

const WINDOWS = ['sliding', 'tumbling', 'session'] as const;
export type CorrelationWindow = (typeof WINDOWS)[number];

/** In the events of `rule`, the alias stands for `field`. */
export interface FieldAlias {
  readonly alias: string;
  readonly rule: string;
  readonly field: string;
  /** 1-based. */
  readonly line: number;
}

export interface ParsedCorrelation {
  readonly rule: Rule;
  /** 1-based. */
  readonly line: number;
  /** The id as written. */
  readonly id: string | null;
  readonly type: CorrelationType;
  readonly references: readonly RuleReference[];
  /** Fields and aliases; empty: all events are one group. */
  readonly groupBy: readonly string[];
  readonly aliases: readonly FieldAlias[];
  readonly timespanMs: number;
  readonly window: CorrelationWindow;
  /** Of a session window. */
  readonly gapMs: number | null;
  readonly condition: CorrelationCondition;
  /** True where the referenced rules alert on their own, too. */
  readonly generate: boolean;
}

const KEYS = new Set([
  'type',
  'rules',
  'group-by',
  'aliases',
  'timespan',
  'timeframe',
  'window',
  'gap',
  'condition',
  'generate',
]);
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * Reads one document as a Sigma correlation (specification of correlation rules 2.0.2, with the `value_*` types,
 * `neq`, conditions as text and units up to weeks of 2.1). `window`, `gap` and `percentile` are extensions.
 * @param index 0-based place of the document in its file
 * @throws RuleError `RULE_CORRELATION_INVALID` for what is missing, unknown or does not fit the type,
 *   `RULE_CONDITION_*` for a condition as text, `RULE_FIELD_INVALID`
 */
export function parseCorrelation(node: MapNode, path: string, index: number): ParsedCorrelation {
  for (const key of ['detection', 'filter']) {
    const other = node.entries.get(key);
    if (other !== undefined) throw invalid(`a correlation has no \`${key}\``, other.line);
  }
  const entry = node.entries.get('correlation');
  if (entry?.value.kind !== 'map') throw invalid('`correlation` must be a map', entry?.line ?? node.line);
  const body = entry.value.entries;
  for (const [key, { line }] of body) {
    if (!KEYS.has(key)) throw invalid(`a correlation has no \`${key}\``, line);
  }
  const type = readType(body.get('type'), entry.line);
  const names = readReferences(body, type, entry.line);
  const { writtenId, ...metadata } = readMetadata(node, path, index);
  return {
    rule: { ...metadata, kind: 'correlation', logsource: {} },
    line: node.line,
    id: writtenId,
    type,
    references: names,
    groupBy: [...new Set(readNames(body.get('group-by'), 'group-by', MAX_CORRELATION_FIELDS).map(nameOf))],
    aliases: readAliases(body.get('aliases')),
    timespanMs: readTimespan(body, entry.line),
    ...readWindow(body),
    condition: readCondition(body.get('condition'), type, names.map(nameOf), entry.line),
    generate: readGenerate(body.get('generate'), node.entries.get('generate')),
  };
}

function readChoice<T extends string>(entry: MapEntry, key: string, choices: readonly T[]): T {
  const { value, line } = entry;
  const choice = choices.find((each) => value.kind === 'scalar' && value.value === each);
  if (choice === undefined) throw invalid(`\`${key}\` must be one of ${choices.join(', ')}`, line);
  return choice;
}

function readType(entry: MapEntry | undefined, line: number): CorrelationType {
  if (entry === undefined) throw invalid('the correlation has no `type`', line);
  return readChoice(entry, 'type', CORRELATION_TYPES);
}

function readReferences(
  body: ReadonlyMap<string, MapEntry>,
  type: CorrelationType,
  line: number,
): readonly RuleReference[] {
  const limit = type === 'temporal_ordered' ? MAX_ORDERED_RULES : MAX_CORRELATION_RULES;
  const entry = body.get('rules');
  const names = entry === undefined ? readNamed(body, type, limit) : readNames(entry, 'rules', limit);
  if (names.length === 0) throw invalid('the correlation names no `rules`', entry?.line ?? line);
  const seen = new Set<string>();
  for (const { name, line: at } of names) {
    if (seen.has(name)) throw invalid(`\`rules\` names '${name}' twice`, at);
    seen.add(name);
  }
  return names;
}

/** The references of a condition as text, for a correlation without `rules`. */
function readNamed(
  body: ReadonlyMap<string, MapEntry>,
  type: CorrelationType,
  limit: number,
): readonly RuleReference[] {
  const condition = body.get('condition');
  if (!isTemporal(type) || condition?.value.kind !== 'scalar') return [];
  const { line } = condition.value;
  const words = condition.value.source.match(/[^\s()]+/g) ?? [];
  if (words.some((word) => /^of$|\*/i.test(word))) {
    throw invalid('a condition with a pattern needs `rules`', line);
  }
  const names = new Set(words.filter((word) => !/^(?:and|or|not)$/i.test(word)));
  if (names.size > limit) throw invalid(`the condition names more than ${limit} rules`, line);
  return Array.from(names, (name) => ({ name, line }));
}

function readAliases(entry: MapEntry | undefined): readonly FieldAlias[] {
  if (entry === undefined) return [];
  if (entry.value.kind !== 'map') throw invalid('`aliases` must be a map', entry.line);
  return Array.from(entry.value.entries).flatMap(([alias, { line, value }]) => {
    if (value.kind !== 'map') throw invalid(`the alias '${alias}' must map rules to fields`, line);
    return Array.from(value.entries, ([rule, field]) => ({
      alias,
      rule,
      field: readName(field.value, 'aliases'),
      line: field.line,
    }));
  });
}

function readTimespan(body: ReadonlyMap<string, MapEntry>, line: number): number {
  const timespan = body.get('timespan');
  const timeframe = body.get('timeframe');
  if (timespan !== undefined && timeframe !== undefined) {
    throw invalid('`timeframe` is another spelling of `timespan`: keep one', timeframe.line);
  }
  const entry = timespan ?? timeframe;
  if (entry === undefined) throw invalid('the correlation has no `timespan`', line);
  return readDuration(entry, 'timespan');
}

/** Milliseconds. */
function readDuration({ value, line }: MapEntry, key: string): number {
  const match = value.kind === 'scalar' ? /^(\d{1,10})([smhdw])$/.exec(value.source) : null;
  const unit = match?.[2] as keyof typeof UNITS | undefined;
  if (unit === undefined) throw invalid(`\`${key}\` must be a number with s, m, h, d or w`, line);
  const duration = Number(match?.[1]) * UNITS[unit];
  if (duration < MIN_TIMESPAN_MS || duration > MAX_TIMESPAN_MS) {
    throw invalid(`\`${key}\` must be from 1s to ${MAX_TIMESPAN_MS / UNITS.d}d`, line);
  }
  return duration;
}

function readWindow(body: ReadonlyMap<string, MapEntry>): Pick<ParsedCorrelation, 'window' | 'gapMs'> {
  const entry = body.get('window');
  const gap = body.get('gap');
  const window = entry === undefined ? 'sliding' : readChoice(entry, 'window', WINDOWS);
  if (entry !== undefined && window === 'session' && gap === undefined) {
    throw invalid('a session window needs `gap`', entry.line);
  }
  if (window !== 'session' && gap !== undefined) {
    throw invalid('only a session window has a `gap`', gap.line);
  }
  return { window, gapMs: gap === undefined ? null : readDuration(gap, 'gap') };
}

function readGenerate(inside: MapEntry | undefined, outside: MapEntry | undefined): boolean {
  if (inside !== undefined && outside !== undefined) throw invalid('`generate` stands twice', inside.line);
  const entry = inside ?? outside;
  if (entry === undefined) return false;
  if (entry.value.kind === 'scalar' && typeof entry.value.value === 'boolean') return entry.value.value;
  throw invalid('`generate` must be true or false', entry.line);
}
