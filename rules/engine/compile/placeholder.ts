import { RuleError } from '../errors.ts';
import { MAX_EXPANSIONS } from '../limits.ts';
import { type Cell, type EventView, fold } from '../match/event.ts';
import type { ScalarNode } from '../parse/document.ts';
import type { Modifiers, Position } from '../parse/modifiers.ts';
import type { RuleContext } from './context.ts';
import { cellsOf, type Predicate, unindexed } from './predicate.ts';
import { compilePieces, compileText } from './text.ts';
import { literal, type Piece, parsePattern, partsMatch } from './value.ts';

/** Sigma specification 2.1, "Standard Placeholders": sets of an organisation, which no event can fill. */
const STANDARD = new Set(['Administrators', 'JumpServers', 'Workstations', 'Servers', 'DomainControllers']);

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string };

/**
 * Compiles a value under `expand`. A placeholder with configured values stands for each of them, which may hold
 * wildcards; any other stands for what the event's field of that name holds, looked up while matching.
 * @throws RuleError `RULE_PLACEHOLDER_UNKNOWN` for a standard placeholder without values, `RULE_VALUE_INVALID`
 */
export function expandValue(
  node: ScalarNode,
  modifiers: Modifiers,
  slot: number | null,
  context: RuleContext,
): readonly Predicate[] {
  if (typeof node.value !== 'string') return [compileText(node, modifiers, slot)];
  const expanded = expandConfigured(partsOf(node.value), node, context);
  return expanded.map((parts) => {
    if (parts.some(({ kind }) => kind === 'placeholder'))
      return lookedUp(parts, node, modifiers, slot, context);
    const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    return compilePieces(parsePattern(text), node, modifiers, slot);
  });
}

/**
 * `%name%` is a placeholder, `\%` a percent sign. In a Windows path the backslash before a placeholder is just that:
 * where the percent signs pair up with it, it escapes nothing.
 */
function partsOf(source: string): readonly Part[] {
  const parts: Part[] = [];
  let text = '';
  let left = source.split('%').length - 1;
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    const isEscape = char === '\\' && source.charAt(at + 1) === '%';
    const name = char === '%' ? nameAt(source, at) : undefined;
    if (isEscape && (left % 2 === 1 || nameAt(source, at + 1) === undefined)) {
      text += '%';
      at += 1;
      left -= 1;
    } else if (name !== undefined) {
      parts.push({ kind: 'text', text }, { kind: 'placeholder', name });
      text = '';
      at += name.length + 1;
      left -= 2;
    } else {
      text += char;
      if (char === '%') left -= 1;
    }
  }
  return [...parts, { kind: 'text', text }];
}

const PLACEHOLDER = /%([\p{L}\p{N}_.-]+)%/uy;

function nameAt(source: string, at: number): string | undefined {
  PLACEHOLDER.lastIndex = at;
  return PLACEHOLDER.exec(source)?.[1];
}

function expandConfigured(
  parts: readonly Part[],
  node: ScalarNode,
  { placeholders }: RuleContext,
): readonly (readonly Part[])[] {
  let expanded: readonly (readonly Part[])[] = [[]];
  for (const part of parts) {
    const values = part.kind === 'placeholder' ? placeholders.get(part.name) : undefined;
    if (part.kind === 'placeholder' && values === undefined && STANDARD.has(part.name)) {
      throw new RuleError('RULE_PLACEHOLDER_UNKNOWN', `nothing says what %${part.name}% stands for`, {
        line: node.line,
        hint: 'give its values in `placeholders`',
      });
    }
    const choices: readonly Part[] = values?.map((text) => ({ kind: 'text', text })) ?? [part];
    expanded = expanded.flatMap((before) => choices.map((choice) => [...before, choice]));
    if (expanded.length > MAX_EXPANSIONS) {
      throw invalid(node, `the placeholders of a value stand for more than ${MAX_EXPANSIONS} values`);
    }
  }
  return expanded;
}

function invalid(node: ScalarNode, message: string): RuleError {
  return new RuleError('RULE_VALUE_INVALID', message, { line: node.line });
}

/** A piece of a pattern, or a slot whose values of the event go there. */
type LookedUp = Piece | { readonly kind: 'slot'; readonly slot: number };

function lookedUp(
  parts: readonly Part[],
  node: ScalarNode,
  modifiers: Modifiers,
  slot: number | null,
  context: RuleContext,
): Predicate {
  if (modifiers.encoders.length > 0) {
    throw invalid(node, 'a placeholder that is looked up in the event cannot be encoded');
  }
  const pieces = parts.flatMap((part): readonly LookedUp[] => {
    if (part.kind === 'text') return parsePattern(part.text);
    return [{ kind: 'slot', slot: context.fields.slot(context.mapField(part.name)) }];
  });
  if (pieces.some(({ kind }) => kind === 'one')) {
    throw invalid(node, 'a placeholder that is looked up in the event cannot stand beside `?`');
  }
  const { cased, position } = modifiers;
  const textOf = (cell: Cell): string => (cased ? cell.text : cell.folded);
  return unindexed((view) => {
    const patterns = fill(pieces, view).map((pattern) => wildcardParts(pattern, cased, position));
    const isFilled = (cell: Cell): boolean =>
      cell.value !== null && patterns.some((parts) => partsMatch(parts, textOf(cell)));
    return cellsOf(view, slot)?.some(isFilled) ?? false;
  });
}

/** The patterns that the event makes of it: none where a field is missing, several where it holds a list. */
function fill(pieces: readonly LookedUp[], view: EventView): readonly (readonly Piece[])[] {
  let patterns: readonly (readonly Piece[])[] = [[]];
  for (const piece of pieces) {
    const choices =
      piece.kind === 'slot'
        ? (view.cells(piece.slot) ?? [])
            .filter(({ value }) => value !== null)
            .map(({ text }) => literal(text))
        : [piece];
    patterns = patterns
      .flatMap((before) => choices.map((choice) => [...before, choice]))
      .slice(0, MAX_EXPANSIONS);
  }
  return patterns;
}

/** Texts between the wildcards. */
function wildcardParts(pattern: readonly Piece[], cased: boolean, position: Position): readonly string[] {
  const parts = [''];
  if (position === 'contains' || position === 'endswith') parts.push('');
  for (const piece of pattern) {
    if (piece.kind === 'literal') parts.push((parts.pop() ?? '') + (cased ? piece.text : fold(piece.text)));
    else parts.push('');
  }
  if (position === 'contains' || position === 'startswith') parts.push('');
  return parts;
}
