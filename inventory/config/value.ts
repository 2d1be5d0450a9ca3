import type { Fault, Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES, MAX_PROBLEMS_PER_FILE } from '../limits.ts';

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
  /** Where the last key of the path is written, or the nearest key above it; null only without a root. */
  positionOf(path: ValuePath): Position | null;
}

/** The document of a file that could not be parsed. */
export function brokenDocument(fault: Fault): ConfigDocument {
  return { root: null, faults: [fault], positionOf: () => null };
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

/** The value at a key path; undefined where there is none. */
export function valueAt(root: ConfigValue | undefined, path: ValuePath): ConfigValue | undefined {
  let here: ConfigValue | undefined = root;
  for (const key of path) {
    if (isList(here)) here = typeof key === 'number' ? here[key] : undefined;
    else here = isObject(here) && Object.hasOwn(here, key) ? here[key] : undefined;
  }
  return here;
}

/** A copy of a value with another one, or none for undefined, at a key path whose parents are there. */
export function withValueAt(
  root: ConfigValue | undefined,
  path: ValuePath,
  value: ConfigValue | undefined,
): ConfigValue {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  if (isList(root)) {
    return root.map((item, index) => (index === key ? withValueAt(item, rest, value) : item));
  }
  const copy: Record<string, ConfigValue> = Object.create(null);
  if (isObject(root)) Object.assign(copy, root);
  if (rest.length === 0 && value === undefined) delete copy[key];
  else copy[key] = withValueAt(copy[key], rest, value);
  return copy;
}

/** Thrown inside the parsers only, to leave a file at its first fault. */
export class ConfigFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Thrown by toConfigValue, which knows no positions but the path. */
export class ValueLimit extends Error {
  readonly path: ValuePath;
  readonly faultAt: (at: Position | null) => Fault;

  constructor(path: ValuePath, faultAt: (at: Position | null) => Fault) {
    super('a limit of configs is passed');
    this.path = path;
    this.faultAt = faultAt;
  }
}

export function tooDeep(at: Position | null): Fault {
  return { code: 'CONFIG_TOO_DEEP', message: `nested deeper than ${MAX_CONFIG_DEPTH} levels`, at };
}

export function tooManyValues(at: Position | null): Fault {
  return { code: 'CONFIG_TOO_MANY_VALUES', message: `holds more than ${MAX_CONFIG_VALUES} values`, at };
}

export function repeatedKey(key: string, at: Position | null): Fault {
  const message = `the key ${quoted(key)} is repeated; the last one counts`;
  return { code: 'CONFIG_DUPLICATE_KEY', message, at };
}

/** Adds a fault; past the limit of one file the last one says that there are more. */
export function addFault(faults: Fault[], fault: Fault): void {
  if (faults.length < MAX_PROBLEMS_PER_FILE - 1) faults.push(fault);
  else if (faults.length < MAX_PROBLEMS_PER_FILE) {
    const message = `more than ${MAX_PROBLEMS_PER_FILE - 1} problems; from here on none is listed`;
    faults.push({ code: 'CONFIG_TOO_MANY_PROBLEMS', message, at: fault.at });
  }
}

/** Characters of a name that a message quotes. */
const MAX_QUOTED_LENGTH = 200;

/** A name of the file for a message: escaped, and cut where it is long. */
export function quoted(name: string | number): string {
  const text = String(name);
  return JSON.stringify(text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text);
}

/**
 * Copies what a parser returned into plain config values: dates and numbers that JSON cannot say become
 * strings, bytes base64, every object loses its prototype. Throws ValueLimit past depth or count.
 */
export function toConfigValue(input: unknown): ConfigValue {
  return copyValue(input, { left: MAX_CONFIG_VALUES, path: [] });
}

interface CopyState {
  left: number;
  readonly path: (string | number)[];
}

function copyValue(input: unknown, state: CopyState): ConfigValue {
  if (state.path.length > MAX_CONFIG_DEPTH) throw new ValueLimit([...state.path], tooDeep);
  state.left -= 1;
  if (state.left < 0) throw new ValueLimit([...state.path], tooManyValues);
  if (input === null || input === undefined) return null;
  if (typeof input === 'string' || typeof input === 'boolean') return input;
  if (typeof input === 'number') return Number.isFinite(input) ? input : String(input);
  if (typeof input !== 'object') return String(input);
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? 'Invalid Date' : input.toISOString();
  if (input instanceof Uint8Array) return Buffer.from(input).toString('base64');
  if (Array.isArray(input) || input instanceof Set) {
    return Array.from(input, (item, index) => copyMember(index, item, state));
  }
  const entries = input instanceof Map ? input.entries() : Object.entries(input);
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, value] of entries) copy[String(key)] = copyMember(String(key), value, state);
  return copy;
}

function copyMember(key: string | number, value: unknown, state: CopyState): ConfigValue {
  state.path.push(key);
  const copy = copyValue(value, state);
  state.path.pop();
  return copy;
}

/** Turns character offsets into positions. A line ends with LF, CR LF or CR alone, as editors show it. */
export class LineIndex {
  readonly #text: string;
  #starts: readonly number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  positionAt(offset: number): Position {
    this.#starts ??= lineStarts(this.#text);
    const starts = this.#starts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const end of text.matchAll(/\r\n|\r|\n/g)) starts.push(end.index + end[0].length);
  return starts;
}
