import { childPointer, MAX_JSON_DEPTH } from './pointer.ts';

const MAX_VALUES = 5_000;
const MAX_CHARACTERS = 256 * 1024;

/** The arguments of a call, laid flat: JSON Pointer to value, by type. */
export interface CallValues {
  readonly texts: Readonly<Record<string, string>>;
  /** Whole numbers that ECMAScript holds exactly. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly pointers: readonly string[];
}

/** Lays arguments flat; null where they are nested or long beyond limits. */
export function callValues(args: unknown): CallValues | null {
  const found = {
    texts: new Map<string, string>(),
    numbers: new Map<string, number>(),
    flags: new Map<string, boolean>(),
  };
  const pointers: string[] = [];
  let characters = 0;
  const walk = (value: unknown, pointer: string, depth: number): boolean => {
    if (pointer !== '') pointers.push(pointer);
    characters += pointer.length + (typeof value === 'string' ? value.length : 0);
    if (pointers.length > MAX_VALUES || characters > MAX_CHARACTERS || depth > MAX_JSON_DEPTH) return false;
    if (typeof value === 'string') found.texts.set(pointer, value);
    if (typeof value === 'boolean') found.flags.set(pointer, value);
    if (Number.isSafeInteger(value)) found.numbers.set(pointer, Number(value));
    if (typeof value !== 'object' || value === null) return true;
    return Object.entries(value).every(([key, child]) => walk(child, childPointer(pointer, key), depth + 1));
  };
  if (!walk(args, '', 0)) return null;
  return {
    texts: Object.fromEntries(found.texts),
    numbers: Object.fromEntries(found.numbers),
    flags: Object.fromEntries(found.flags),
    pointers,
  };
}
