import { canonicalJson } from '../closure/jcs.ts';
import { type ConfigFormat, parseConfigBytes } from '../config/document.ts';
import type { Encoding } from '../config/encoding.ts';
import { type ConfigObject, isObject, type ValuePath, valueAt, withValueAt } from '../config/value.ts';
import { InventoryError } from '../errors.ts';
import { type EditNode, nodeAt } from './edit-tree.ts';
import { jsonTree } from './json-tree.ts';
import { applyEdits, Uneditable } from './text-edit.ts';
import { tomlTree } from './toml-tree.ts';
import { ValueEdits } from './value-edits.ts';
import { yamlTree } from './yaml-tree.ts';

/** A config file as it was read. */
export interface ConfigText {
  readonly bytes: Buffer;
  readonly format: ConfigFormat;
  /** Encodings that its client takes; UTF-8 alone where absent. */
  readonly encodings?: readonly Encoding[] | undefined;
}

type TreeOf = (text: string) => EditNode | null;

const TREES: Readonly<Partial<Record<ConfigFormat, TreeOf>>> = {
  jsonc: jsonTree,
  toml: tomlTree,
  yaml: yamlTree,
};
const BYTE_ORDER_MARK = '\ufeff';

/**
 * The bytes of a config in which the entry at a key path is another one and all else is as it was: comments, order,
 * indentation, line ends and byte order mark. What comes out is parsed again, and must say what was meant.
 * @throws {InventoryError} INVENTORY_EDIT_REFUSED where that cannot be done
 */
export function editEntry(config: ConfigText, keys: ValuePath, after: ConfigObject): Buffer {
  const { format, bytes } = config;
  const root = parsed(config, bytes);
  const before = valueAt(root, keys);
  if (!isObject(before)) throw refused('the entry is not in the file any more');
  const { text, encode } = decoded(bytes);
  const tree = TREES[format]?.(text) ?? null;
  if (tree === null) throw refused('files of this format cannot be edited');
  const node = nodeAt(tree, keys);
  if (node === null) throw refused('the entry is merged from another part of the file, or an alias of it');
  const edited = encode(rewritten(text, format, { node, before, after }));
  if (canonicalJson(parsed(config, edited)) !== canonicalJson(withValueAt(root, keys, after)))
    throw refused('the edited file would not say what was meant, or something else would change with it');
  return edited;
}

/**
 * The entry at a key path; null where there is none.
 * @throws {InventoryError} INVENTORY_EDIT_REFUSED where the file is not what its client could read
 */
export function entryAt(config: ConfigText, keys: ValuePath): ConfigObject | null {
  const entry = valueAt(parsed(config, config.bytes), keys);
  return isObject(entry) ? entry : null;
}

interface Change {
  readonly node: EditNode;
  readonly before: ConfigObject;
  readonly after: ConfigObject;
}

function rewritten(text: string, format: ConfigFormat, { node, before, after }: Change): string {
  try {
    return applyEdits(text, new ValueEdits(text, format).between(node, before, after));
  } catch (error) {
    if (error instanceof Uneditable) throw refused(error.message);
    throw error;
  }
}

function parsed({ format, encodings }: ConfigText, bytes: Buffer): ConfigObject {
  const { document, valid } = parseConfigBytes(bytes, format, encodings);
  if (document.root === null || !valid) throw refused('the file is not what its client could read');
  return document.root;
}

interface Decoded {
  /** Without the byte order mark. */
  readonly text: string;
  readonly encode: (text: string) => Buffer;
}

function decoded(bytes: Buffer): Decoded {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  const encoding = isWide ? 'utf16le' : 'utf8';
  const whole = bytes.toString(encoding);
  const mark = whole.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const encode = (text: string) => Buffer.from(mark + text, encoding);
  const text = whole.slice(mark.length);
  if (!encode(text).equals(bytes)) throw refused('its encoding cannot be written');
  return { text, encode };
}

function refused(reason: string): InventoryError {
  return new InventoryError('INVENTORY_EDIT_REFUSED', `the entry cannot be edited: ${reason}`);
}
