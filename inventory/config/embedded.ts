import type { Fault } from '../errors.ts';
import { type ConfigDocument, quoted, valueAt } from './value.ts';

/** RFC 4648, section 4; line breaks as `base64(1)` writes them. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The document at a key of the outer one: null where the key is absent. Every position of it is the key's,
 * as the text inside has no lines that a reader of the file could find.
 */
export function embeddedDocument(
  outer: ConfigDocument,
  key: readonly string[],
  parse: (bytes: Buffer) => ConfigDocument,
): ConfigDocument | null {
  const value = valueAt(outer.root, key);
  if (value === undefined || value === null) return null;
  const at = outer.positionOf(key);
  const name = quoted(key.join('.'));
  const broken = (message: string): ConfigDocument => ({
    root: null,
    faults: [{ code: 'CONFIG_SYNTAX', message: `the value of ${name} is not ${message}`, at }],
    positionOf: () => null,
  });
  if (typeof value !== 'string') return broken('a text');
  const text = value.replace(/\s+/g, '');
  if (!BASE64.test(text) || text.length % 4 === 1) return broken('base64');
  const inner = parse(Buffer.from(text, 'base64'));
  const moved = (fault: Fault): Fault => {
    const place = fault.at === null ? '' : ` at line ${fault.at.line}, column ${fault.at.column}`;
    return { ...fault, message: `in the value of ${name}${place}: ${fault.message}`, at };
  };
  return { root: inner.root, faults: inner.faults.map(moved), positionOf: () => at };
}
