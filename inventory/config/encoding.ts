import type { Fault } from '../errors.ts';
import { LineIndex } from './value.ts';

export type Encoding = 'utf-8' | 'utf-16';

export interface DecodedText {
  /** Without the byte order mark; what is malformed is U+FFFD. */
  readonly text: string;
  /** CONFIG_NOT_UTF8 where a client that reads the accepted encodings stumbles. */
  readonly fault: Fault | null;
}

/** Decodes a config by its byte order mark (UTF-8 without one); the text is given even beside a fault. */
export function decodeText(bytes: Buffer, accepted: readonly Encoding[]): DecodedText {
  const wide = wideLabel(bytes);
  const label = wide ?? 'utf-8';
  const strict = decodeStrictly(bytes, label);
  const text = strict ?? new TextDecoder(label).decode(bytes);
  if (wide !== null && !accepted.includes('utf-16')) {
    const message = 'is UTF-16, which its reader does not take';
    return { text, fault: { code: 'CONFIG_NOT_UTF8', message, at: { line: 1, column: 1 } } };
  }
  if (strict !== null) return { text, fault: null };
  const offset = malformedAt(bytes, label);
  const before = new TextDecoder(label).decode(bytes.subarray(0, offset), { stream: true });
  const message = `a byte at offset ${offset} is not ${wide === null ? 'UTF-8' : 'UTF-16'}`;
  const at = new LineIndex(text).positionAt(before.length);
  return { text, fault: { code: 'CONFIG_NOT_UTF8', message, at } };
}

function wideLabel(bytes: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
}

/** The text, or null where the bytes are malformed; `mayEndEarly` forgives a last character that is cut. */
function decodeStrictly(bytes: Buffer, label: string, mayEndEarly = false): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes, { stream: mayEndEarly });
  } catch {
    return null;
  }
}

/** The number of bytes before the first malformed sequence. */
function malformedAt(bytes: Buffer, label: string): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodeStrictly(bytes.subarray(0, middle), label, true) !== null) good = middle;
    else bad = middle;
  }
  return good;
}
