import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { RuleError } from '../errors.ts';
import { MAX_ALIASES, MAX_DEPTH, MAX_DOCUMENTS, MAX_NODES, MAX_TEXT_LENGTH } from '../limits.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly line: number;
  readonly value: string | number | boolean | null;
  /** The text as written, without quotes; what a number or boolean looks like in the file. */
  readonly source: string;
}
interface ListNode {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly RuleNode[];
}
export interface MapEntry {
  readonly line: number;
  readonly value: RuleNode;
}
export interface MapNode {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: ReadonlyMap<string, MapEntry>;
}
export type RuleNode = ScalarNode | ListNode | MapNode;

/** One document of a file: its node, or why it cannot be read. */
export type ReadDocument = { readonly line: number; read(): RuleNode };

interface Walk {
  readonly document: Document.Parsed;
  readonly lineOf: (node: {
    readonly range?: readonly [number, number, number] | null | undefined;
  }) => number;
  nodes: number;
  aliases: number;
}

/**
 * Splits a YAML 1.2 text into documents. A document is converted, and its faults raised, when `read` is
 * called, so that one broken document does not hide the others.
 * @throws RuleError `RULE_TEXT_TOO_LARGE`, `RULE_TOO_COMPLEX`, `RULE_YAML_INVALID`, `RULE_DOCUMENT_INVALID`
 */
export function readDocuments(text: string): readonly ReadDocument[] {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new RuleError('RULE_TEXT_TOO_LARGE', `the file is longer than ${MAX_TEXT_LENGTH} characters`);
  }
  const lines = new LineCounter();
  const documents = parseStream(text, lines);
  if (documents.length === 0) throw new RuleError('RULE_DOCUMENT_INVALID', 'the file holds no rule');
  if (documents.length > MAX_DOCUMENTS) {
    throw new RuleError('RULE_TOO_COMPLEX', `the file holds more than ${MAX_DOCUMENTS} documents`);
  }
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  return documents
    .filter((document) => !isEmpty(document) || documents.length === 1)
    .map((document) => ({
      line: lineAt(document.contents?.range[0] ?? document.range[0]),
      read: () => readDocument(document, lineAt),
    }));
}

function parseStream(text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  try {
    // Keys are compared in `readMap`: the library's own check is quadratic in the number of keys.
    const documents = parseAllDocuments(text, { lineCounter, uniqueKeys: false, prettyErrors: false });
    return Array.isArray(documents) ? documents : [];
  } catch (cause) {
    if (cause instanceof RangeError) throw new RuleError('RULE_TOO_COMPLEX', 'nested too deeply', { cause });
    throw new RuleError('RULE_YAML_INVALID', 'not readable as YAML', { cause });
  }
}

/** What stands before a first and after a last `---`. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  const nothing =
    contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
  return nothing && errors.length === 0;
}

function readDocument(document: Document.Parsed, lineAt: (offset: number) => number): RuleNode {
  const fault = document.errors[0];
  if (fault !== undefined) {
    const line = lineAt(fault.pos[0]);
    // The library's own recursion met the end of the stack.
    if (fault.code === 'RESOURCE_EXHAUSTION') {
      throw new RuleError('RULE_TOO_COMPLEX', 'nested too deeply', { line, cause: fault });
    }
    throw new RuleError('RULE_YAML_INVALID', fault.message, { line, cause: fault });
  }
  if (document.contents === null || isEmpty(document)) {
    throw new RuleError('RULE_DOCUMENT_INVALID', 'the file holds no rule');
  }
  const walk: Walk = {
    document,
    lineOf: (node) => lineAt(node.range?.[0] ?? 0),
    nodes: 0,
    aliases: 0,
  };
  return readNode(document.contents, walk, 0);
}

function readNode(node: ParsedNode | null, walk: Walk, depth: number): RuleNode {
  if (node === null) return { kind: 'scalar', line: 1, value: null, source: '' };
  const line = walk.lineOf(node);
  walk.nodes += 1;
  if (walk.nodes > MAX_NODES) {
    throw new RuleError('RULE_TOO_COMPLEX', `more than ${MAX_NODES} YAML nodes`, { line });
  }
  if (depth > MAX_DEPTH) {
    throw new RuleError('RULE_TOO_COMPLEX', `nested deeper than ${MAX_DEPTH} levels`, { line });
  }
  if (isAlias(node)) return readNode(resolveAlias(node, walk, line), walk, depth + 1);
  if (isMap(node)) return readMap(node, walk, depth, line);
  if (isSeq(node)) {
    const items = node.items.map((item) => readNode(item as ParsedNode | null, walk, depth + 1));
    return { kind: 'list', line, items };
  }
  return { kind: 'scalar', line, ...readScalar(node.value, node.source) };
}

function resolveAlias(
  alias: { readonly source: string; resolve(document: Document): unknown },
  walk: Walk,
  line: number,
): ParsedNode {
  walk.aliases += 1;
  if (walk.aliases > MAX_ALIASES) {
    throw new RuleError('RULE_TOO_COMPLEX', `more than ${MAX_ALIASES} YAML aliases`, { line });
  }
  const target = alias.resolve(walk.document as unknown as Document);
  if (!(isMap(target) || isSeq(target) || isScalar(target))) {
    throw new RuleError('RULE_YAML_INVALID', `unknown alias *${alias.source}`, { line });
  }
  return target as ParsedNode;
}

function readMap(node: YAMLMap, walk: Walk, depth: number, line: number): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const pair of node.items) {
    const key = pair.key;
    if (!isScalar(key)) throw new RuleError('RULE_YAML_INVALID', 'a key must be plain text', { line });
    const keyLine = walk.lineOf(key as ParsedNode);
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
    if (entries.has(name)) {
      throw new RuleError('RULE_YAML_INVALID', `the key '${name}' appears twice`, { line: keyLine });
    }
    entries.set(name, { line: keyLine, value: readNode(pair.value as ParsedNode | null, walk, depth + 1) });
  }
  return { kind: 'map', line, entries };
}

function readScalar(value: unknown, source: string | undefined): Pick<ScalarNode, 'value' | 'source'> {
  if (value === null || typeof value === 'boolean') return { value, source: source ?? String(value) };
  if (typeof value === 'string') return { value, source: value };
  const text = source ?? String(value);
  // Beyond 2^53, and for infinities, a double would lie: such numbers are compared as text.
  if (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) {
    return { value, source: text };
  }
  return { value: text, source: text };
}
