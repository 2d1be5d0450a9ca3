import { RE2JS } from 're2js';
import { RuleError } from '../errors.ts';
import { MAX_REGEX_COST, MAX_REGEX_LENGTH, MAX_VALUE_LENGTH, MAX_WILDCARDS } from '../limits.ts';
import type { Cell, EventView } from '../match/event.ts';
import type { RuleNode, ScalarNode } from '../parse/document.ts';
import {
  type Comparison,
  type Encoder,
  type Modifiers,
  type Position,
  parseModifiers,
} from '../parse/modifiers.ts';
import { base64, base64Offsets, latin1, utf8, utf16 } from './encode.ts';
import { compileCidr } from './network.ts';
import { compare, numberOf } from './number.ts';
import { timePartOf } from './time.ts';
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

export type EventTest = (view: EventView) => boolean;
/** A test of a field's values: undefined where the event has no such field. */
type ValuesTest = (cells: readonly Cell[] | undefined, view: EventView) => boolean;

/**
 * Compiles `Field|modifier…: value(s)` into a test. An empty field name makes the values keywords, which are
 * searched in the values of all fields.
 * @throws RuleError for unknown modifiers, values that do not fit them, and regular expressions RE2 refuses
 */
export function compileField(key: string, node: RuleNode, line: number): EventTest {
  const [field = '', ...names] = key.split('|');
  const modifiers = parseModifiers(names, line);
  const values = scalarsOf(key, node);
  if (field === '') return compileKeywords(values, modifiers, line);
  const tests = values.map((value) => compileValue(value, modifiers));
  const test = combine(tests, modifiers);
  return (view) => test(view.cells(field), view);
}

/** Compiles keywords: each is searched anywhere in the values of all fields. */
export function compileKeywords(
  values: readonly ScalarNode[],
  modifiers: Modifiers = parseModifiers([], 1),
  line = 1,
): EventTest {
  if (modifiers.kind !== 'text' && modifiers.kind !== 're') {
    throw new RuleError('RULE_MODIFIER_CONFLICT', 'these modifiers need a field name', { line });
  }
  const searched: Modifiers = {
    ...modifiers,
    position: modifiers.position === 'equals' ? 'contains' : modifiers.position,
  };
  const tests = values.map((value) => compileValue(value, searched));
  const test = combine(tests, searched);
  return (view) => test(view.every(), view);
}

function scalarsOf(key: string, node: RuleNode): readonly ScalarNode[] {
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) {
    throw new RuleError('RULE_VALUE_INVALID', `the list of '${key}' is empty`, { line: node.line });
  }
  return items.map((item) => {
    if (item.kind !== 'scalar') {
      throw new RuleError('RULE_VALUE_INVALID', `a value of '${key}' is a ${item.kind}`, { line: item.line });
    }
    if (item.source.length > MAX_VALUE_LENGTH) {
      throw new RuleError('RULE_VALUE_INVALID', `a value is longer than ${MAX_VALUE_LENGTH} characters`, {
        line: item.line,
      });
    }
    return item;
  });
}

function combine(tests: readonly ValuesTest[], modifiers: Modifiers): ValuesTest {
  const [only] = tests;
  let test: ValuesTest;
  if (tests.length === 1 && only !== undefined) test = only;
  else if (modifiers.all) test = (cells, view) => tests.every((each) => each(cells, view));
  else test = (cells, view) => tests.some((each) => each(cells, view));
  return modifiers.negated ? (cells, view) => !test(cells, view) : test;
}

function compileValue(value: ScalarNode, modifiers: Modifiers): ValuesTest {
  switch (modifiers.kind) {
    case 'text':
      return compileText(value, modifiers);
    case 're':
      return someCell(compileRegex(value, modifiers));
    case 'cidr':
      return someCell(compileNetwork(value));
    case 'exists':
      return compileExists(value);
    case 'fieldref':
      return compileReference(value, modifiers);
    case 'compare':
      return someCell(compileComparison(value, modifiers.comparison));
    case 'time':
      return someCell(compileTime(value, modifiers));
  }
}

/** True where one of the values passes; null is no value. */
function someCell(test: CellTest): ValuesTest {
  return (cells) => cells?.some((cell) => cell.value !== null && test(cell)) ?? false;
}

function isNothing(cells: readonly Cell[] | undefined): boolean {
  return cells === undefined || cells.length === 0 || cells.some((cell) => cell.value === null);
}

function invalid(value: ScalarNode, message: string): RuleError {
  return new RuleError('RULE_VALUE_INVALID', message, { line: value.line });
}

function compileText(node: ScalarNode, modifiers: Modifiers): ValuesTest {
  const plain = modifiers.position === 'equals' && modifiers.encoders.length === 0;
  const { value } = node;
  if (value === null) {
    if (plain) return isNothing;
    throw invalid(node, 'null cannot be part of a text');
  }
  if (typeof value === 'number' && plain) return someCell(equalsNumber(value, node.source));
  if (typeof value === 'boolean' && plain) return someCell((cell) => cell.folded === String(value));
  const pieces = typeof value === 'string' ? parsePattern(value) : [literal(node.source)];
  const tests = encodeAll(pieces, modifiers.encoders, node).map((encoded) => {
    if (encoded.filter((piece) => piece.kind !== 'literal').length > MAX_WILDCARDS) {
      throw invalid(node, `a value may hold ${MAX_WILDCARDS} wildcards`);
    }
    return compilePattern(place(encoded, modifiers.position), modifiers.cased);
  });
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return someCell(only);
  return someCell((cell) => tests.some((test) => test(cell)));
}

function equalsNumber(value: number, source: string): CellTest {
  const text = String(value);
  return (cell) =>
    typeof cell.value === 'number' ? cell.value === value : cell.text === text || cell.text === source;
}

function place(pieces: readonly Piece[], position: Position): readonly Piece[] {
  const before = position === 'contains' || position === 'endswith' ? [ANY] : [];
  const after = position === 'contains' || position === 'startswith' ? [ANY] : [];
  return mergeAny([...before, ...pieces, ...after]);
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

const REPEAT = /\{(\d+)(?:,(\d*))?\}/g;

function compileRegex(node: ScalarNode, modifiers: Modifiers): CellTest {
  if (node.value === null) throw invalid(node, 'null is not a regular expression');
  const source = typeof node.value === 'string' ? node.value : node.source;
  checkRegexSize(source, node.line);
  let flags = 0;
  if (modifiers.flags.includes('i')) flags |= RE2JS.CASE_INSENSITIVE;
  if (modifiers.flags.includes('m')) flags |= RE2JS.MULTILINE;
  if (modifiers.flags.includes('s')) flags |= RE2JS.DOTALL;
  const start = modifiers.position === 'startswith' ? '\\A' : '';
  const end = modifiers.position === 'endswith' ? '\\z' : '';
  try {
    const regex = RE2JS.compile(start === end ? source : `${start}(?:${source})${end}`, flags);
    return kept((text) => regex.test(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError('RULE_REGEX_INVALID', `RE2 refuses the regular expression: ${reason}`, {
      line: node.line,
      cause,
    });
  }
}

/** Texts whose answer is kept, and their length: the same programs start again and again. */
const MAX_KEPT_TEXTS = 256;
const MAX_KEPT_LENGTH = 256;

/** Remembers the answers to the last texts; they are the same whenever they are asked. */
function kept(test: (text: string) => boolean): CellTest {
  const answers = new Map<string, boolean>();
  return ({ text }) => {
    if (text.length > MAX_KEPT_LENGTH) return test(text);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = test(text);
    if (answers.size >= MAX_KEPT_TEXTS) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}

function checkRegexSize(source: string, line: number): void {
  const repeats = Array.from(source.matchAll(REPEAT), ([, low, high]) =>
    Math.max(Number(low), Number(high ?? 0)),
  );
  const cost = source.length * Math.max(1, ...repeats);
  if (source.length <= MAX_REGEX_LENGTH && cost <= MAX_REGEX_COST) return;
  throw new RuleError('RULE_REGEX_INVALID', 'the regular expression is too large', { line });
}

function compileNetwork(node: ScalarNode): CellTest {
  const contains = typeof node.value === 'string' ? compileCidr(node.value) : undefined;
  if (contains === undefined) throw invalid(node, `'${node.source}' is not a network in CIDR notation`);
  return (cell) => contains(cell.text);
}

function compileExists(node: ScalarNode): ValuesTest {
  if (typeof node.value !== 'boolean') throw invalid(node, "'exists' takes true or false");
  return node.value ? (cells) => cells !== undefined : (cells) => cells === undefined;
}

function compileReference(node: ScalarNode, modifiers: Modifiers): ValuesTest {
  const other = node.value;
  if (typeof other !== 'string' || other === '') throw invalid(node, "'fieldref' takes a field name");
  const textOf = (cell: Cell): string => (modifiers.cased ? cell.text : cell.folded);
  return (cells, view) => {
    const references = view.cells(other)?.filter((cell) => cell.value !== null) ?? [];
    return someCell((cell) =>
      references.some((reference) => placed(textOf(cell), textOf(reference), modifiers.position)),
    )(cells, view);
  };
}

function placed(text: string, part: string, position: Position): boolean {
  switch (position) {
    case 'equals':
      return text === part;
    case 'contains':
      return text.includes(part);
    case 'startswith':
      return text.startsWith(part);
    case 'endswith':
      return text.endsWith(part);
  }
}

function compileComparison(node: ScalarNode, comparison: Comparison | null): CellTest {
  const wanted = numberOf(node.value);
  if (wanted === undefined) throw invalid(node, `'${node.source}' is not a number`);
  return (cell) => {
    const actual = numberOf(cell.value);
    return actual !== undefined && compare(actual, wanted, comparison);
  };
}

function compileTime(node: ScalarNode, { timePart, comparison }: Modifiers): CellTest {
  const wanted = numberOf(node.value);
  if (wanted === undefined || timePart === null) throw invalid(node, `'${node.source}' is not a number`);
  return (cell) => {
    const actual = timePartOf(cell.text, timePart);
    return actual !== undefined && compare(actual, wanted, comparison);
  };
}
