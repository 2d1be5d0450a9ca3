import type {
  DetectionExplanation,
  Explanation,
  FieldExplanation,
  Logsource,
  Rule,
  SearchExplanation,
} from '../../rules/engine/index.ts';
import { type Output, printable } from '../output.ts';
import type { CorrelationExplanation } from './correlation-explanation.ts';
import { authorText, levelText } from './sighting-lines.ts';

/** Characters of a value; the JSON answer has all. */
const MAX_VALUE_CHARACTERS = 240;
/** Values, and alternatives, that are shown of one list. */
const MAX_SHOWN = 6;
/** Characters of several values on one line. */
const MAX_LINE_CHARACTERS = 90;
const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

type CorrelationCondition = CorrelationExplanation['counts']['condition'];
type Expression = Extract<CorrelationCondition, { kind: 'expression' }>['expression'];
type Scalar = string | number | boolean | null;

/** Why a rule matches an event or does not, for people. @param event what the event was called */
export function explanationLines(
  { rule, matched, logsource, inScope, search, filters }: Explanation,
  event: string,
  output: Output,
): readonly string[] {
  const fits =
    logsource.actual === null ? 'the event names none' : `the event: ${sourceText(logsource.actual)}`;
  const scope = inScope === null ? [] : [`  scope       ${held(inScope, output)} comes out of an MCP server`];
  return [
    ...headLines(rule, event, output),
    `  log source  ${held(logsource.held, output)} ${sourceText(logsource.wanted)}; ${fits}`,
    ...scope,
    ...searchLines('condition', search, output),
    ...filters.flatMap((filter) => [
      '',
      `  filter      ${printable(filter.title)}`,
      ...searchLines('condition', filter, output),
    ]),
    '',
    matched ? output.colours.red('The rule matches.') : output.colours.green('The rule does not match.'),
  ];
}

/** What a correlation makes of one event, for people. */
export function correlationLines(
  { rule, matched, counts, members }: CorrelationExplanation,
  event: string,
  output: Output,
): readonly string[] {
  const { colours } = output;
  const shown = members.flatMap((member) => {
    const values = Object.entries({ ...member.group, ...member.values }).map(
      ([name, value]) =>
        `${printable(name)}=${value === null || value === undefined ? 'none' : actualText(value)}`,
    );
    const detail = member.matched && values.length > 0 ? [`          ${values.join('  ')}`] : [];
    return [`    ${held(member.matched, output)} ${printable(member.name)}`, ...detail];
  });
  return [
    ...headLines(rule, event, output),
    `  counts      ${countsText(counts)}`,
    `  fires       ${firesText(counts.condition)}`,
    '  rules',
    ...shown,
    '',
    matched
      ? colours.red('The event counts for the correlation.')
      : colours.green('The event does not count for the correlation.'),
  ];
}

function headLines(rule: Rule, event: string, output: Output): readonly string[] {
  const { colours } = output;
  return [
    `${levelText(rule, output)} ${colours.bold(printable(rule.name))}: ${printable(rule.title)}${authorText(rule)}`,
    `  rule        ${printable(rule.id)} in ${printable(rule.path)}`,
    `  event       ${printable(event)}`,
  ];
}

function held(isHeld: boolean, { colours }: Output): string {
  return isHeld ? colours.green('yes') : colours.red('no ');
}

function sourceText({ category, product, service }: Logsource): string {
  const parts = Object.entries({ category, product, service }).filter(([, text]) => text !== undefined);
  return parts.length === 0
    ? 'any'
    : parts.map(([key, text]) => `${key} ${printable(text ?? '')}`).join(', ');
}

function searchLines(label: string, search: SearchExplanation, output: Output): readonly string[] {
  return [
    `  ${label.padEnd(12)}${held(search.held, output)} ${printable(search.condition)}`,
    ...search.detections.flatMap((detection) => detectionLines(detection, output)),
  ];
}

function detectionLines(
  { name, held: isHeld, alternatives }: DetectionExplanation,
  output: Output,
): string[] {
  const lines = [`    ${held(isHeld, output)} ${output.colours.bold(printable(name))}`];
  if (alternatives.length === 1) {
    return [...lines, ...(alternatives[0]?.fields ?? []).flatMap((field) => fieldLines(field, 8, output))];
  }
  const shown = alternatives.toSorted((a, b) => Number(b.held) - Number(a.held)).slice(0, MAX_SHOWN);
  for (const { held: alternative, fields } of shown) {
    lines.push(`        ${held(alternative, output)} one of ${alternatives.length}`);
    lines.push(...fields.flatMap((field) => fieldLines(field, 12, output)));
  }
  const rest = alternatives.length - shown.length;
  if (rest > 0) lines.push(`        and ${rest} more`);
  return lines;
}

function fieldLines(field: FieldExplanation, indent: number, output: Output): readonly string[] {
  const { key, wanted, actual } = field;
  const { colours } = output;
  const space = ' '.repeat(indent);
  const shown = wanted.slice(0, MAX_SHOWN).map((text) => cut(printable(text)));
  const rest = wanted.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  const isShort = all.join(' or ').length <= MAX_LINE_CHARACTERS;
  const words = isShort ? [all.join(colours.dim(' or '))] : all;
  const lines = [
    `${space}${held(field.held, output)} ${key === '' ? 'keywords' : printable(key)}`,
    ...words.map((text, at) => `${space}    ${colours.dim(at === 0 ? 'wants' : '   or')} ${text}`),
  ];
  if (key === '') return lines;
  return [
    ...lines,
    `${space}    ${colours.dim('has')}   ${actual === null ? 'no such field' : actualText(actual)}`,
  ];
}

function actualText(value: Scalar | readonly Scalar[]): string {
  if (!Array.isArray(value)) return cut(printable(String(value)));
  const shown = value.slice(0, MAX_SHOWN).map((each: Scalar) => cut(printable(String(each))));
  const rest = value.length - shown.length;
  if (shown.length === 0) return 'an empty list';
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function cut(text: string): string {
  if (text === '') return "''";
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS - 1)}…` : text;
}

function countsText(counts: CorrelationExplanation['counts']): string {
  const { type, condition, groupBy, timespanMs, window, gapMs } = counts;
  const fields = condition.kind === 'bounds' ? condition.fields : [];
  const what = fields.length === 0 ? type : `${type} of ${fields.join(', ')}`;
  const groups = groupBy.length === 0 ? '' : `, for each ${groupBy.join(', ')}`;
  const gap = gapMs === null ? '' : ` with gaps of ${durationText(gapMs)} at the most`;
  return printable(`${what}${groups}, within ${durationText(timespanMs)} (${window} window${gap})`);
}

function firesText(condition: CorrelationCondition): string {
  if (condition.kind === 'all') return 'once all rules were seen';
  if (condition.kind === 'bounds') {
    return `at ${condition.bounds.map(({ operator, value }) => `${operator} ${value}`).join(' and ')}`;
  }
  return `at ${printable(expressionText(condition.expression))}`;
}

function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'identifier':
      return expression.name;
    case 'not':
      return `not ${expressionText(expression.operand)}`;
    default:
      return `(${expression.operands.map(expressionText).join(` ${expression.kind} `)})`;
  }
}

function durationText(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => milliseconds % each === 0) ?? ['ms', 1];
  return `${milliseconds / length}${unit}`;
}
