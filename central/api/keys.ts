import { Refused } from './refused.ts';

/** Keys of a page that are no plain numbers travel as base64url of their parts as JSON. */
export function encodeKey(...parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a key; all empty where there is none. @throws {Refused} 400 */
export function decodeKey(text: string | undefined, count: number): readonly string[] {
  if (text === undefined) return Array.from({ length: count }, () => '');
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === count && parts.every((part) => typeof part === 'string')) {
      return parts;
    }
  } catch {
    // Falls through to the refusal below.
  }
  throw new Refused(400, 'since: is not the next of an earlier answer', { code: 'bad-query' });
}
