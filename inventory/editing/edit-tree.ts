import type { ValuePath } from '../config/value.ts';

/** A value of a text with where it is written; offsets count UTF-16 code units. */
export interface EditNode {
  /** `fixed` is what cannot be edited in place: an alias, a text over several lines, a table with its own header. */
  readonly kind: 'scalar' | 'list' | 'map' | 'fixed';
  readonly start: number;
  readonly end: number;
  /** Parts stand on lines of their own, without brackets around and commas between. */
  readonly isBlock: boolean;
  /** Members or items that are written one by one, in the order of the text. */
  readonly parts: readonly EditPart[];
}

/** A member of a map or an item of a list. */
export interface EditPart {
  readonly key: string | number;
  /** Start of all that is the part's: of the first key of a dotted one, of the dash of an item. */
  readonly from: number;
  readonly keyStart: number;
  /** Null for an item. */
  readonly keyEnd: number | null;
  readonly end: number;
  readonly value: EditNode;
}

/** The last of the parts with this key, since that is the one that counts. */
export function partOf(node: EditNode, key: string | number): EditPart | null {
  return node.parts.findLast((part) => part.key === key) ?? null;
}

/** The node at a key path; null where the text does not spell it out. */
export function nodeAt(root: EditNode, path: ValuePath): EditNode | null {
  let here: EditNode | null = root;
  for (const key of path) here = here === null ? null : (partOf(here, key)?.value ?? null);
  return here;
}
