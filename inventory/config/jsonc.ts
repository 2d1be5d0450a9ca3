import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Fault } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../limits.ts';
import { type Place, place, positionsIn } from './places.ts';
import {
  addFault,
  brokenDocument,
  type ConfigDocument,
  type ConfigValue,
  isObject,
  LineIndex,
  repeatedKey,
  tooDeep,
  tooManyValues,
} from './value.ts';

/** `SyntaxKind` of jsonc-parser 3.3, which exports it as a const enum only; a closer is its opener + 1. */
const TOKEN = { openBrace: 1, openBracket: 3, end: 17 } as const;

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'unexpected word',
  InvalidNumberFormat: 'malformed number',
  PropertyNameExpected: 'expected a key in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: "expected ':' after the key",
  CommaExpected: "expected ','",
  CloseBraceExpected: "expected '}'",
  CloseBracketExpected: "expected ']'",
  EndOfFileExpected: 'something follows the end of the document',
  InvalidCommentToken: 'malformed comment',
  UnexpectedEndOfComment: 'the comment is not closed',
  UnexpectedEndOfString: 'the string is not closed',
  UnexpectedEndOfNumber: 'the number is cut off',
  InvalidUnicode: 'malformed \\u escape',
  InvalidEscapeCharacter: 'malformed escape in a string',
  InvalidCharacter: 'control character in a string',
};

/** Reads JSON with comments and trailing commas, as editors do (jsonc-parser's own dialect). */
export function parseJsonc(text: string): ConfigDocument {
  const lines = new LineIndex(text);
  const limit = overLimit(text, lines);
  if (limit !== null) return brokenDocument(limit);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  const first = errors[0];
  if (first !== undefined || tree === undefined) {
    const end = first === undefined || first.offset >= text.trimEnd().length;
    const what = ERROR_TEXTS[first === undefined ? '' : printParseErrorCode(first.error)] ?? 'not JSON';
    return brokenDocument({
      code: 'CONFIG_SYNTAX',
      message: end ? `the file ends too early: ${what}` : what,
      at: lines.positionAt(first?.offset ?? 0),
    });
  }
  const faults: Fault[] = [];
  const root = toValue(tree, lines, faults);
  if (!isObject(root)) {
    const at = lines.positionAt(tree.offset);
    return brokenDocument({ code: 'CONFIG_NOT_AN_OBJECT', message: 'the top level is not an object', at });
  }
  return {
    root,
    faults,
    positionOf: positionsIn(
      () => placeOf(tree, tree.offset),
      (offset) => lines.positionAt(offset),
    ),
  };
}

function placeOf(node: Node, at: number): Place {
  return place(at, () => {
    const inside = new Map<string | number, Place>();
    for (const [index, child] of (node.children ?? []).entries()) {
      const [key, value] = child.type === 'property' ? (child.children ?? []) : [];
      if (child.type !== 'property') inside.set(index, placeOf(child, child.offset));
      else if (key !== undefined) inside.set(String(key.value), placeOf(value ?? key, key.offset));
    }
    return inside;
  });
}

/**
 * The parser recurses, so depth and size are judged on the tokens first. A closer of the wrong kind closes
 * nothing, as in the parser: else `[}[}[}…` would pass for flat.
 */
function overLimit(text: string, lines: LineIndex): Fault | null {
  const scanner = createScanner(text, true);
  const open: number[] = [];
  let count = 0;
  for (let token: number = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    count += 1;
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) open.push(token + 1);
    else if (token === open.at(-1)) open.pop();
    if (open.length > MAX_CONFIG_DEPTH) return tooDeep(lines.positionAt(scanner.getTokenOffset()));
    if (count > MAX_CONFIG_VALUES) return tooManyValues(lines.positionAt(scanner.getTokenOffset()));
  }
  return null;
}

function toValue(node: Node, lines: LineIndex, faults: Fault[]): ConfigValue {
  if (node.type === 'array') return (node.children ?? []).map((child) => toValue(child, lines, faults));
  if (node.type !== 'object') return scalar(node.value);
  const object: Record<string, ConfigValue> = Object.create(null);
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (name in object) addFault(faults, repeatedKey(name, lines.positionAt(key.offset)));
    object[name] = toValue(value, lines, faults);
  }
  return object;
}

function scalar(value: unknown): ConfigValue {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
