import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { Fault } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES, MAX_PROBLEMS_PER_FILE } from '../limits.ts';
import {
  type ConfigDocument,
  type ConfigValue,
  isObject,
  LineIndex,
  tooDeep,
  tooManyValues,
} from './value.ts';

/** `SyntaxKind` of jsonc-parser 3.3, which exports it as a const enum only. */
const TOKEN = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 } as const;

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
  const broken = (fault: Fault): ConfigDocument => ({ root: null, faults: [fault], positionOf: () => null });
  const limit = overLimit(text, lines);
  if (limit !== null) return broken(limit);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  const first = errors[0];
  if (first !== undefined || tree === undefined) {
    const end = first === undefined || first.offset >= text.trimEnd().length;
    const what = ERROR_TEXTS[first === undefined ? '' : printParseErrorCode(first.error)] ?? 'not JSON';
    return broken({
      code: 'CONFIG_SYNTAX',
      message: end ? `the file ends too early: ${what}` : what,
      at: lines.positionAt(first?.offset ?? 0),
    });
  }
  const faults: Fault[] = [];
  const root = toValue(tree, lines, faults);
  if (!isObject(root)) {
    const at = lines.positionAt(tree.offset);
    return broken({ code: 'CONFIG_NOT_AN_OBJECT', message: 'the top level is not an object', at });
  }
  return {
    root,
    faults,
    positionOf: (path) => {
      const node = findNodeAtLocation(tree, [...path]);
      return node === undefined
        ? null
        : lines.positionAt((node.parent?.type === 'property' ? node.parent : node).offset);
    },
  };
}

/** The parser recurses, so depth and size are judged on the tokens first. */
function overLimit(text: string, lines: LineIndex): Fault | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  let count = 0;
  for (let token: number = scanner.scan(); token !== TOKEN.end; token = scanner.scan()) {
    count += 1;
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) depth += 1;
    else if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) depth -= 1;
    if (depth > MAX_CONFIG_DEPTH) return tooDeep(lines.positionAt(scanner.getTokenOffset()));
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
    if (name in object && faults.length < MAX_PROBLEMS_PER_FILE) {
      faults.push({
        code: 'CONFIG_DUPLICATE_KEY',
        message: `the key ${JSON.stringify(name)} is repeated; the last one counts`,
        at: lines.positionAt(key.offset),
      });
    }
    object[name] = toValue(value, lines, faults);
  }
  return object;
}

function scalar(value: unknown): ConfigValue {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
