import { type TomlNode, tomlNodes } from '../config/toml-places.ts';
import { LineIndex } from '../config/value.ts';
import type { EditNode, EditPart } from './edit-tree.ts';

/** The values of a text that `parseToml` took. */
export function tomlTree(text: string): EditNode {
  const lines = new LineIndex(text);
  const root = tomlNodes(text, (offset) => lines.positionAt(offset));
  return nodeOf(root, text);
}

function nodeOf({ written, inside }: TomlNode, text: string): EditNode {
  const parts = [...(inside ?? [])].flatMap(([key, child]) => partOf(key, child, text));
  // Tables may be opened again further down.
  parts.sort((a, b) => a.from - b.from);
  if (written === null) return { kind: 'map', start: 0, end: 0, isBlock: true, parts };
  const { kind, start } = written;
  const end = start + text.slice(start, written.end).trimEnd().length;
  const isLong = kind === 'scalar' && /^("""|''')/.test(text.slice(start, end));
  return { kind: isLong ? 'fixed' : kind, start, end, isBlock: false, parts };
}

/** What is between the parts of a dotted key, or below a header, has no text of its own but is passed on the way. */
function partOf(key: string | number, child: TomlNode, text: string): readonly EditPart[] {
  const value = nodeOf(child, text);
  const { written } = child;
  if (written === null) {
    const at = value.parts[0]?.from ?? 0;
    return [{ key, from: at, keyStart: at, keyEnd: null, end: at, value }];
  }
  const { from, keyStart, keyEnd } = written;
  return [{ key, from, keyStart, keyEnd, end: value.end, value }];
}
