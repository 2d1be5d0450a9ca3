import type { Fault, Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../limits.ts';

export type ConfigValue = null | boolean | number | string | readonly ConfigValue[] | ConfigObject;
/** Always without a prototype, so that no key of the file can mean anything but itself. */
export interface ConfigObject {
  readonly [key: string]: ConfigValue;
}
export type ValuePath = readonly (string | number)[];

/** A config file as parsed. `root` is null where it could not be parsed; `faults` then says why, once. */
export interface ConfigDocument {
  readonly root: ConfigObject | null;
  readonly faults: readonly Fault[];
  positionOf(path: ValuePath): Position | null;
}

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isObject(value: ConfigValue | undefined): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: ConfigValue | undefined): value is readonly ConfigValue[] {
  return Array.isArray(value);
}

/** Where a key that could reach a prototype lies inside a value; null where there is none. */
export function findForbiddenKey(value: ConfigValue, path: ValuePath = []): ValuePath | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, child] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    if (!Array.isArray(value) && FORBIDDEN_KEYS.has(key)) return here;
    const found = findForbiddenKey(child, here);
    if (found !== null) return found;
  }
  return null;
}

/** Thrown inside the parsers only, to leave a deep or endless structure at once. */
export class ValueLimit extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

export function tooDeep(at: Position | null): Fault {
  return { code: 'CONFIG_TOO_DEEP', message: `nested deeper than ${MAX_CONFIG_DEPTH} levels`, at };
}

export function tooManyValues(at: Position | null): Fault {
  return { code: 'CONFIG_TOO_MANY_VALUES', message: `holds more than ${MAX_CONFIG_VALUES} values`, at };
}

/**
 * Copies what a parser returned into plain config values: dates and numbers that JSON cannot say become
 * strings, every object loses its prototype. Throws ValueLimit past depth or count.
 */
export function toConfigValue(input: unknown, budget = { left: MAX_CONFIG_VALUES }, depth = 0): ConfigValue {
  if (depth > MAX_CONFIG_DEPTH) throw new ValueLimit(tooDeep(null));
  budget.left -= 1;
  if (budget.left < 0) throw new ValueLimit(tooManyValues(null));
  if (input === null || input === undefined) return null;
  if (typeof input === 'string' || typeof input === 'boolean') return input;
  if (typeof input === 'number') return Number.isFinite(input) ? input : String(input);
  if (typeof input !== 'object') return String(input);
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? 'Invalid Date' : input.toISOString();
  if (input instanceof Uint8Array) return Buffer.from(input).toString('base64');
  if (Array.isArray(input) || input instanceof Set) {
    return Array.from(input, (item) => toConfigValue(item, budget, depth + 1));
  }
  const entries = input instanceof Map ? input.entries() : Object.entries(input);
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, value] of entries) copy[String(key)] = toConfigValue(value, budget, depth + 1);
  return copy;
}

/** Turns character offsets into positions. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  positionAt(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}
