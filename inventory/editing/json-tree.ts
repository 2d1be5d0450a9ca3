import { type Node, parseTree } from 'jsonc-parser';
import type { EditNode, EditPart } from './edit-tree.ts';

/** The values of a text that `parseJsonc` took. */
export function jsonTree(text: string): EditNode | null {
  const tree = parseTree(text, [], { allowTrailingComma: true, disallowComments: false });
  return tree === undefined ? null : nodeOf(tree);
}

function nodeOf({ type, offset, length, children = [] }: Node): EditNode {
  const kind = type === 'object' ? 'map' : type === 'array' ? 'list' : 'scalar';
  const parts = kind === 'map' ? children.flatMap(memberOf) : children.map(itemOf);
  return { kind, start: offset, end: offset + length, isBlock: false, parts };
}

function memberOf({ children = [] }: Node): readonly EditPart[] {
  const [key, value] = children;
  if (key === undefined || value === undefined) return [];
  const { offset: from } = key;
  const keyEnd = from + key.length;
  const end = value.offset + value.length;
  return [{ key: String(key.value), from, keyStart: from, keyEnd, end, value: nodeOf(value) }];
}

function itemOf(item: Node, index: number): EditPart {
  const { offset: from, length } = item;
  return { key: index, from, keyStart: from, keyEnd: null, end: from + length, value: nodeOf(item) };
}
