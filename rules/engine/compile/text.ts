import { RuleError } from '../errors.ts';
import { MAX_WILDCARDS } from '../limits.ts';
import { fold } from '../match/event.ts';
import type { ScalarNode } from '../parse/document.ts';
import type { Encoder, Modifiers, Position } from '../parse/modifiers.ts';
import { base64, base64Offsets, latin1, utf8, utf16 } from './encode.ts';
import { literalPredicate } from './literal-list.ts';
import {
  NOTHING_REQUIRED,
  needleOf,
  type Place,
  type Requirement,
  required,
  requiredByOne,
} from './needle.ts';
import { cellsOf, type EventTest, type Predicate, someCell, unindexed } from './predicate.ts';
import {
  ANY,
  type CellTest,
  compilePattern,
  literal,
  literalText,
  mergeAny,
  type Piece,
  parsePattern,
  widenDashes,
} from './value.ts';

/**
 * Compiles a value that is compared as text: with wildcards, encoded, at its place in the field; or as the number,
 * boolean or null that it is.
 * @throws RuleError `RULE_VALUE_INVALID`
 */
export function compileText(node: ScalarNode, modifiers: Modifiers, slot: number | null): Predicate {
  const plain = modifiers.position === 'equals' && modifiers.encoders.length === 0;
  const { value } = node;
  if (value === null) {
    if (plain) return unindexed(isNothing(slot));
    throw invalid(node, 'null cannot be part of a text');
  }
  if (typeof value === 'number' && plain) return equalsNumber(value, node.source, slot);
  const pieces = typeof value === 'string' ? parsePattern(value) : [literal(node.source)];
  const isBoolean = typeof value === 'boolean' && plain;
  return compilePieces(isBoolean ? [literal(String(value))] : pieces, node, modifiers, slot);
}

/** Values that are plain text at the same place, as one test, and the values that are anything else. */
export interface TogetherTexts {
  readonly tests: readonly Predicate[];
  readonly others: readonly ScalarNode[];
}

/** Compiles together what of several values, of which one must be there, is plain text; most are. */
export function compileTexts(
  nodes: readonly ScalarNode[],
  modifiers: Modifiers,
  slot: number | null,
): TogetherTexts {
  const { encoders, cased, all, position } = modifiers;
  if (nodes.length < 2 || encoders.length > 0 || cased || all || slot === null) {
    return { tests: [], others: nodes };
  }
  const byPlace = new Map<Place, string[]>();
  const others: ScalarNode[] = [];
  for (const node of nodes) {
    const plain =
      typeof node.value === 'string' ? placedLiteral(place(parsePattern(node.value), position)) : undefined;
    if (plain === undefined) others.push(node);
    else byPlace.set(plain.place, [...(byPlace.get(plain.place) ?? []), fold(plain.text)]);
  }
  const tests = Array.from(byPlace, ([where, texts]) => literalPredicate(slot, where, texts));
  return { tests, others };
}

/** A pattern of one literal, with `*` at its ends alone. */
function placedLiteral(
  pattern: readonly Piece[],
): { readonly place: Place; readonly text: string } | undefined {
  const literals = pattern.filter((piece) => piece.kind === 'literal');
  const [only] = literals;
  if (only === undefined || literals.length !== 1) return undefined;
  if (pattern.some((piece) => piece.kind !== 'literal' && piece.kind !== 'any')) return undefined;
  const before = pattern[0]?.kind === 'any';
  const after = pattern.at(-1)?.kind === 'any';
  const where = before ? (after ? 'anywhere' : 'end') : after ? 'start' : 'whole';
  return { place: where, text: only.text };
}

/** Compiles a value that is already split into its pieces. @throws RuleError `RULE_VALUE_INVALID` */
export function compilePieces(
  pieces: readonly Piece[],
  node: ScalarNode,
  modifiers: Modifiers,
  slot: number | null,
): Predicate {
  const patterns = encodeAll(pieces, modifiers.encoders, node).map((encoded) => {
    if (encoded.filter((piece) => piece.kind !== 'literal').length > MAX_WILDCARDS) {
      throw invalid(node, `a value may hold ${MAX_WILDCARDS} wildcards`);
    }
    return place(encoded, modifiers.position);
  });
  const [first] = patterns;
  const plain = patterns.length === 1 && first !== undefined ? placedLiteral(first) : undefined;
  if (plain !== undefined && slot !== null && !modifiers.cased) {
    return literalPredicate(slot, plain.place, [fold(plain.text)]);
  }
  const tests = patterns.map((pattern) => compilePattern(pattern, modifiers.cased));
  const [only] = tests;
  const test: CellTest =
    tests.length === 1 && only !== undefined ? only : (cell) => tests.some((each) => each(cell));
  return {
    test: someCell(slot, test),
    requirement: requiredByOne(patterns.map((pattern) => requirementOf(pattern, slot))),
  };
}

function isNothing(slot: number | null): EventTest {
  return (view) => {
    const cells = cellsOf(view, slot);
    return cells === undefined || cells.length === 0 || cells.some((cell) => cell.value === null);
  };
}

function invalid(value: ScalarNode, message: string): RuleError {
  return new RuleError('RULE_VALUE_INVALID', message, { line: value.line });
}

function equalsNumber(value: number, source: string, slot: number | null): Predicate {
  const text = String(value);
  const spellings = [...new Set([text, source])];
  return {
    test: someCell(slot, (cell) =>
      typeof cell.value === 'number' ? cell.value === value : cell.text === text || cell.text === source,
    ),
    requirement: requiredByOne(spellings.map((spelling) => needleOf(slot, 'whole', spelling))),
  };
}

function place(pieces: readonly Piece[], position: Position): readonly Piece[] {
  const before = position === 'contains' || position === 'endswith' ? [ANY] : [];
  const after = position === 'contains' || position === 'startswith' ? [ANY] : [];
  return mergeAny([...before, ...pieces, ...after]);
}

/** The required of a pattern's literal pieces, at the place where the pattern has it. */
function requirementOf(pattern: readonly Piece[], slot: number | null): Requirement {
  return required(
    pattern.map((piece, index) => {
      if (piece.kind !== 'literal') return NOTHING_REQUIRED;
      const first = index === 0;
      const last = index === pattern.length - 1;
      const where: Place = first && last ? 'whole' : first ? 'start' : last ? 'end' : 'anywhere';
      return needleOf(slot, where, piece.text);
    }),
  );
}

/** The texts that the encoders make of a value; `binary` texts hold one byte in each character. */
function encodeAll(
  pieces: readonly Piece[],
  encoders: readonly Encoder[],
  node: ScalarNode,
): readonly (readonly Piece[])[] {
  let texts: readonly { readonly pieces: readonly Piece[]; readonly binary: boolean }[] = [
    { pieces, binary: false },
  ];
  for (const encoder of encoders) {
    texts = texts.flatMap((text) => {
      if (encoder === 'windash') return [{ pieces: widenDashes(text.pieces), binary: text.binary }];
      const plain = literalText(text.pieces);
      if (plain === undefined) throw invalid(node, `wildcards cannot go through '${encoder}'`);
      return encode(plain, encoder, text.binary).map(({ text: encoded, binary }) => ({
        pieces: encoded === '' ? [] : [literal(encoded)],
        binary,
      }));
    });
  }
  return texts.map((text) => text.pieces);
}

function encode(
  text: string,
  encoder: Exclude<Encoder, 'windash'>,
  binary: boolean,
): readonly { readonly text: string; readonly binary: boolean }[] {
  const bytes = binary ? Array.from(text, (char) => char.charCodeAt(0)) : utf8(text);
  switch (encoder) {
    case 'base64':
      return [{ text: base64(bytes), binary: false }];
    case 'base64offset':
      return base64Offsets(bytes).map((each) => ({ text: each, binary: false }));
    case 'utf16be':
      return [{ text: latin1(utf16(text, 'big')), binary: true }];
    case 'utf16':
      return [{ text: latin1([0xff, 0xfe, ...utf16(text, 'little')]), binary: true }];
    case 'wide':
    case 'utf16le':
      return [{ text: latin1(utf16(text, 'little')), binary: true }];
  }
}
