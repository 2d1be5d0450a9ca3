import { MAX_KEPT_TEXT_LENGTH } from '../limits.ts';
import { type FieldValue, fold, type RuleEvent } from '../match/event.ts';

const NONE: readonly never[] = [];
const HEAD_LENGTH = 48;

/** The value of a field; undefined where the event does not carry it. */
export function fieldOf(event: RuleEvent, name: string): FieldValue | undefined {
  return Object.hasOwn(event.fields, name) ? event.fields[name] : undefined;
}

/** The values of a field that are not null. */
export function valuesOf(value: FieldValue | undefined): readonly (string | number | boolean)[] {
  if (value === undefined || value === null) return NONE;
  return (typeof value === 'object' ? value : [value]).filter((each) => each !== null);
}

/** What the values of a field are compared by: their text without case; of a long text a digest. */
export function tokensOf(value: FieldValue | undefined): readonly string[] {
  return valuesOf(value).map((each) => keep(fold(String(each))));
}

/** One text for the values of several fields, different for different values. A missing field and null are one. */
export function keyOf(event: RuleEvent, fields: readonly string[]): string {
  let key = '';
  for (const field of fields) {
    const tokens = tokensOf(fieldOf(event, field));
    key += tokens.length;
    for (const token of tokens) key += `,${token.length}:${token}`;
  }
  return key;
}

/** For people: null where the field is missing, null or an empty list. */
export function textOf(value: FieldValue | undefined): string | null {
  const values = valuesOf(value);
  return values.length === 0 ? null : values.join(', ');
}

/** Bounds what an attacker's long command lines cost while they wait in a window. */
function keep(text: string): string {
  if (text.length <= MAX_KEPT_TEXT_LENGTH) return text;
  const digest = `${hash(text, 0x9e3779b9).toString(36)}.${hash(text, 0x85ebca6b).toString(36)}`;
  return `${text.slice(0, HEAD_LENGTH)}…${text.length}.${digest}`;
}

/** 53 bits of a multiplicative hash (cyrb53); not cryptographic. */
function hash(text: string, seed: number): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
