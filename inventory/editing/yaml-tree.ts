import { isMap, isNode, isPair, isScalar, isSeq, type Pair } from 'yaml';
import { yamlContents } from '../config/yaml.ts';
import { isMergeKey, keyName, startOf } from '../config/yaml-value.ts';
import type { EditNode, EditPart } from './edit-tree.ts';

/** The values of a text that `parseYaml` took; what is merged in or stands behind an alias is not among them. */
export function yamlTree(text: string): EditNode {
  return nodeOf(yamlContents(text), text);
}

function nodeOf(node: unknown, text: string): EditNode {
  const [start, end] = isNode(node) && node.range != null ? node.range : [0, 0];
  const fixed: EditNode = { kind: 'fixed', start, end, isBlock: false, parts: [] };
  if (isScalar(node)) {
    const isOneLine = !text.slice(start, end).includes('\n') && node.tag === undefined;
    return { ...fixed, kind: isOneLine && start < end ? 'scalar' : 'fixed' };
  }
  if (isMap(node)) {
    const parts = node.items.flatMap((pair) => memberOf(pair, text));
    return { kind: 'map', start, end: trimmed(start, end, text), isBlock: node.flow !== true, parts };
  }
  if (!isSeq(node)) return fixed;
  const isBlock = node.flow !== true;
  const parts = node.items.flatMap((item, index) => itemOf(item, index, { text, isBlock }));
  return { kind: 'list', start, end: trimmed(start, end, text), isBlock, parts };
}

function memberOf({ key, value }: Pair, text: string): readonly EditPart[] {
  if (isMergeKey(key) || !isScalar(key) || key.range == null) return [];
  const [from, keyEnd] = key.range;
  const inside = nodeOf(value, text);
  const end = Math.max(keyEnd, inside.end);
  return [{ key: keyName(key, new Map()), from, keyStart: from, keyEnd, end, value: inside }];
}

function itemOf(
  item: unknown,
  key: number,
  { text, isBlock }: { readonly text: string; readonly isBlock: boolean },
): readonly EditPart[] {
  if (isPair(item)) return [];
  const value = nodeOf(item, text);
  const start = startOf(item);
  const from = isBlock ? text.lastIndexOf('-', start - 1) : start;
  return [{ key, from, keyStart: from, keyEnd: null, end: value.end, value }];
}

/** A block ends where the next token begins, which may be lines further down. */
function trimmed(start: number, end: number, text: string): number {
  return start + text.slice(start, end).trimEnd().length;
}
